import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import type {} from './postgres-of-run.ts';
import { PostgresClient } from './postgres-client.ts';

/**
 * The PostgreSQL that all tests of this run share. Tests have a database each in it; who stops it or changes its settings starts one
 * of its own (`startPostgres`). A test without PostgreSQL fails; `noPostgres` tells before whether it is to be skipped.
 */
export async function needPostgres(): Promise<PostgresClient> {
  const socket = connect(inject('postgresSocket'));
  const answer = JSON.parse(await text(socket)) as { readonly place: string } | { readonly failure: string };
  if ('failure' in answer) throw new Error(answer.failure);
  return new PostgresClient(answer.place);
}
