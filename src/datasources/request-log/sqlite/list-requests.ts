import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { requestIdSpellings } from '../../thingspace/wire/carrier-request-id.ts';
import type { RequestFilter } from '../request-log.ts';
import { isTerminal, type Page, type StoredRequest } from '../stored-request.ts';
import { findIndexed } from './index-identifiers.ts';
import { toRequest, type RequestRow } from './sqlite-rows.ts';
import { REQUEST, type Statements } from './sqlite-statements.ts';

/** So many Requests that an index names are looked at one by one. More of them are dense enough to be met soon. */
const FEW = 1_000;
/** Keys that are looked at in one statement: at most about 10 ms where each of them is a Request. */
const WIDEST = 8_192;
const NARROWEST = 256;
/** How long one turn of the event loop looks for Requests. A statement that took longer looks at half as many keys the next time. */
const TURN_MS = 4;

type Parameters = Record<string, SQLInputValue>;

/** What a Request must be, in SQL, with the parameters of it. */
export interface ListConditions {
  readonly sql: readonly string[];
  readonly parameters: Parameters;
}

/**
 * Lists Requests, newest first. Where an index names few that may be meant, only these are looked at. Otherwise the keys are walked
 * downwards in parts, some milliseconds in a turn of the event loop, until the page is full or none is left. All lists together have one
 * such part in a turn, so callbacks do not wait for a list that finds little among millions.
 */
export class RequestList {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #prepared = new Map<string, StatementSync>();
  #turns: Promise<unknown> = Promise.resolve();

  constructor(db: DatabaseSync, sql: Statements) {
    this.#db = db;
    this.#sql = sql;
  }

  /** @param read runs each read of the store. */
  async list(
    filter: RequestFilter,
    after: string | null,
    limit: number,
    read: <Result>(work: () => Result) => Promise<Result>,
  ): Promise<Page<StoredRequest>> {
    const { few, conditions, from } = await read(() => ({
      few: this.#findFew(filter),
      conditions: listConditions(this.#sql, filter),
      from: this.#startOf(after),
    }));
    const rows: RequestRow[] = [];
    if (few) {
      const named = { ...conditions.parameters, from, pks: JSON.stringify(few), limit: limit + 1 };
      rows.push(...(await read(() => this.#all(namedRequestsSql(conditions), named))));
    } else {
      for (let below = from, width = NARROWEST; below > 0 && rows.length <= limit;) {
        const part = await read(() => this.#walk(filter, conditions, { below, width, limit: limit + 1 - rows.length }));
        rows.push(...part.rows);
        ({ below, width } = part);
        if (below > 0 && rows.length <= limit) await (this.#turns = this.#turns.then(() => nextTurn()));
      }
    }
    return { rows: rows.slice(0, limit).map(toRequest), hasMore: rows.length > limit };
  }

  /** Looks at keys for one turn. */
  #walk(filter: RequestFilter, conditions: ListConditions, { below, width, limit }: { below: number; width: number; limit: number }) {
    const sql = walkRequestsSql(conditions, filter.accounts !== null);
    const rows: RequestRow[] = [];
    const started = performance.now();
    for (let at = started; below > 0 && rows.length < limit && at - started < TURN_MS;) {
      const floor = Math.max(0, below - width);
      rows.push(...this.#all(sql, { ...conditions.parameters, below, floor, limit: limit - rows.length }));
      below = floor;
      const now = performance.now();
      width = now - at > TURN_MS / 2 ? Math.max(NARROWEST, width / 2) : Math.min(WIDEST, width * 2);
      at = now;
    }
    return { rows, below, width };
  }

  /** A page may end at a Request that is purged before the next one is asked for. That page then begins at the Request made before it. */
  #startOf(after: string | null): number {
    const row = after === null ? this.#sql.lastRequest.get() : this.#sql.requestBefore.get({ id: after });
    return (row as { pk: number | null } | undefined)?.pk ?? 0;
  }

  /** The keys of Requests that may be meant, when an index names few; null when it names many, or there is none. */
  #findFew({ statuses, clientReference, deviceKeys, search }: RequestFilter): readonly number[] | null {
    const { openByStatuses, requestsByReference, requestsOfKeys, requestsOfSearch } = this.#sql;
    const found = [
      deviceKeys && requestsOfKeys.all(JSON.stringify(findIndexed(this.#sql, deviceKeys)), FEW),
      clientReference !== undefined && requestsByReference.all(referencesOf(clientReference), FEW),
      search && requestsOfSearch.all({ ...searchParameters(this.#sql, search), few: FEW }),
      statuses && !statuses.some(isTerminal) && openByStatuses.all(JSON.stringify(statuses), FEW),
    ].flatMap((rows) => (rows && rows.length < FEW ? [rows] : []));
    const [least] = found.toSorted((one, other) => one.length - other.length);
    return least ? least.map((row) => Number(row['pk'])) : null;
  }

  #all(sql: string, parameters: Parameters): RequestRow[] {
    let statement = this.#prepared.get(sql);
    if (!statement) this.#prepared.set(sql, (statement = this.#db.prepare(sql)));
    return statement.all(parameters) as RequestRow[];
  }
}

/** Requests among these keys. The plus keeps SQLite from reading all of an account instead. */
export function namedRequestsSql({ sql }: ListConditions): string {
  const where = ["account <> ''", 'pk IN (SELECT value FROM json_each(:pks))', 'pk <= :from', ...sql];
  return `SELECT ${REQUEST} FROM request NOT INDEXED WHERE ${where.join(' AND ')} ORDER BY pk DESC LIMIT :limit`;
}

/** Requests with keys of one part. A caller who may see some accounts makes SQLite read nothing of the others. */
export function walkRequestsSql({ sql }: ListConditions, isOfAccounts: boolean): string {
  const where = ["account <> ''", 'pk <= :below', 'pk > :floor', ...sql];
  return `SELECT ${REQUEST} FROM request ${isOfAccounts ? 'INDEXED BY request_by_account' : 'NOT INDEXED'}
    WHERE ${where.join(' AND ')} ORDER BY pk DESC LIMIT :limit`;
}

/** Only what is asked for is among the conditions. */
export function listConditions(sql: Pick<Statements, 'identifiersLike'>, filter: RequestFilter): ListConditions {
  const { accounts, statuses, operation, clientReference, deviceKeys, search, since, until } = filter;
  const asked: [condition: string, parameters: Parameters][] = [];
  if (accounts) asked.push(['account IN (SELECT value FROM json_each(:accounts))', { accounts: JSON.stringify(accounts) }]);
  if (statuses) asked.push(['status IN (SELECT value FROM json_each(:statuses))', { statuses: JSON.stringify(statuses) }]);
  if (operation !== undefined) asked.push(['operation = :operation', { operation }]);
  if (clientReference !== undefined)
    asked.push(['client_reference IN (SELECT value FROM json_each(:references))', { references: referencesOf(clientReference) }]);
  if (deviceKeys) asked.push([hasKeys(':keys'), { keys: JSON.stringify(findIndexed(sql, deviceKeys)) }]);
  if (search) asked.push([IS_FOUND, searchParameters(sql, search)]);
  if (since !== undefined) asked.push(['created_at >= :since', { since }]);
  if (until !== undefined) asked.push(['created_at < :until', { until }]);
  return { sql: asked.map(([condition]) => condition), parameters: Object.assign({}, ...asked.map(([, each]) => each)) as Parameters };
}

const hasKeys = (keys: string) =>
  `EXISTS (SELECT 1 FROM identifier WHERE key IN (SELECT value FROM json_each(${keys})) AND request_pk = request.pk)`;

const IS_FOUND = `(${hasKeys(':searchKeys')} OR id = :searchId OR client_reference BETWEEN :reference AND :lastReference
  OR EXISTS (SELECT 1 FROM carrier_request WHERE carrier_request_id IN (SELECT value FROM json_each(:carrierIds)) AND request_pk = request.pk))`;

function searchParameters(sql: Pick<Statements, 'identifiersLike'>, search: NonNullable<RequestFilter['search']>): Parameters {
  const { deviceKeys, requestId, carrierRequestId, clientReference } = search;
  return {
    searchKeys: JSON.stringify(findIndexed(sql, deviceKeys)),
    carrierIds: JSON.stringify(requestIdSpellings(carrierRequestId)),
    searchId: requestId,
    reference: clientReference,
    lastReference: `${clientReference}\u{10ffff}`,
  };
}

/** Versions before this one stored it as it came. */
function referencesOf(clientReference: string): string {
  return JSON.stringify([clientReference, clientReference.normalize()]);
}
