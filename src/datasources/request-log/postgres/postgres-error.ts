import { GatewayError, STORE_AWAY } from '../../../errors.ts';

/** What an error of PostgreSQL, or of the connection to it, means. */
export type Trouble =
  /** There is no answer, or none will come over this connection. What was asked may have been done. */
  | 'LOST'
  /** Another transaction was in the way. The same work may be done again at once. */
  | 'CONFLICT'
  /** The database cannot do it now, and said so. Nothing was done. */
  | 'REFUSED'
  /** A bug, or a broken constraint. */
  | 'OTHER';

/** Conditions of PostgreSQL, by the first two characters of SQLSTATE, or by all five. */
const TROUBLE_OF: Readonly<Record<string, Trouble>> = {
  '08': 'LOST',
  '57P01': 'LOST',
  '57P02': 'LOST',
  '57P03': 'LOST',
  '25P03': 'LOST',
  '57P05': 'LOST',
  // Two gateways have stored the same thing at once: the second one finds it when it looks again.
  '23505': 'CONFLICT',
  '40001': 'CONFLICT',
  '40P01': 'CONFLICT',
  '53': 'REFUSED',
  '55P03': 'REFUSED',
  '57014': 'REFUSED',
  '25006': 'REFUSED',
  '58': 'REFUSED',
  XX001: 'REFUSED',
  XX002: 'REFUSED',
};

/** Of the system, and of the client when it has waited too long or its connection has ended. */
const LOST_MESSAGE =
  /^(?:Connection terminated|Query read timeout|timeout (?:exceeded|expired)|Client (?:has encountered|was closed|network))/i;

export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return 'OTHER';
  const code = 'code' in error ? String(error.code) : '';
  const known = TROUBLE_OF[code] ?? TROUBLE_OF[code.slice(0, 2)];
  if (known && code.length === 5) return known;
  if ('syscall' in error || /^E[A-Z]+$/.test(code) || LOST_MESSAGE.test(error.message)) return 'LOST';
  return 'OTHER';
}

/** PostgreSQL's own code (SQLSTATE) of an error; null when it is not one of PostgreSQL's. */
export function sqlStateOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code)) ? String(error.code) : null;
}

/** True for a failure of the database or of the way to it, whatever it is. Afterwards the open transaction is of no use. */
export function isOfDatabase(error: unknown): boolean {
  return troubleOf(error) !== 'OTHER' || sqlStateOf(error) !== null;
}

const LOST = 'The database does not answer: nothing was stored. The gateway goes on by itself when it is back. Try again in a few seconds.';
const REFUSED =
  'The database cannot do this now (too many connections, no room, read-only, or it takes too long): nothing was stored. Look after it; the gateway goes on by itself. Try again in a few seconds.';

/** An error of the database becomes one that callers may be shown; any other one stays as it is. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof GatewayError) return error;
  const trouble = troubleOf(error);
  if (trouble === 'OTHER') return error;
  return new GatewayError('STORE_FAILED', trouble === 'LOST' ? LOST : REFUSED, { cause: error, details: { reason: STORE_AWAY } });
}

/** There is no connection, or its commit was lost and the database says that it did not happen. */
export function nothingStored(cause?: unknown): GatewayError {
  return new GatewayError('STORE_FAILED', LOST, { cause, details: { reason: STORE_AWAY } });
}

/** The answer to a commit was lost, and nobody can tell what became of it. */
export function unknownFate(): GatewayError {
  return new GatewayError('STORE_FAILED', UNKNOWN_FATE, { details: { reason: STORE_AWAY } });
}

const UNKNOWN_FATE =
  'The database has not answered whether this was stored. Look whether it is there before you try again, or try again with the same idempotency key.';
