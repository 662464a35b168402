import pg from 'pg';

const CONNECT_MS = 4_000;
/** A statement that takes longer than this is given up by the server, and a little later by the client: its connection is dead. */
const STATEMENT_MS = 10_000;
const ANSWER_MS = 12_000;
/** A transaction whose gateway has stopped in the middle holds up the others no longer than this. */
const IDLE_MS = 3_000;

const INT8 = 20;
const INT8_ARRAY = 1_016;
const parseArray = pg.types.getTypeParser(1_016 as 16) as unknown as (text: string) => string[];

/** Whole numbers of 64 bits as numbers: all of ours are below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return Number;
    if (oid === INT8_ARRAY) return (text: string) => parseArray(text).map(Number);
    return pg.types.getTypeParser(oid, format as 'text') as unknown;
  }) as pg.CustomTypesConfig['getTypeParser'],
};

/** What every connection of the gateway is made with. */
export function connectionConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'm2m-gateway',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    types,
  };
}

/**
 * Settings of each connection. Our statements find few rows by their keys. A plan that was made while a table was small, or was never
 * analyzed, would read whole tables and join them by hashing, and a prepared statement keeps its plan. To compile a statement (JIT)
 * takes half a second.
 */
const SETTINGS = `SET statement_timeout = ${STATEMENT_MS}; SET lock_timeout = ${STATEMENT_MS};
  SET idle_in_transaction_session_timeout = ${IDLE_MS}; SET jit = off;
  SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off`;

export async function configure(client: pg.ClientBase): Promise<void> {
  await client.query(SETTINGS);
}
