import type { RequestFilter, RequestSearch } from '../request-reads.ts';
import { isTerminal, type NextTurn, type Page, type StoredRequest } from '../stored-request.ts';
import type { Queries } from './database.ts';
import { findIndexed } from './find-indexed.ts';
import { toCarrierId } from './find-owners.ts';
import { REQUEST, toRequest, type RequestRow } from './postgres-rows.ts';
import { hasFew, walkRequests, type Condition, type KeyRange, type KeySource, type OrderedIndex, type Walk } from './walk-requests.ts';

/** A source whose values have no more keys is read, whatever else is asked for. A search looks up so many single Requests. */
const FEW = 1_000;
/** Keys in a span, as in the index `request_by_span`. */
const SPAN = 4_096;

const BY_DEVICE: OrderedIndex = { table: 'identifier', column: 'key', key: 'request_pk' };
const BY_REFERENCE: OrderedIndex = { table: 'request', column: 'client_reference', key: 'pk' };
const BY_STATUS: OrderedIndex = { table: 'request', column: 'status', key: 'pk' };
const BY_ACCOUNT: OrderedIndex = { table: 'request', column: 'account', key: 'pk' };
const BY_OPERATION: OrderedIndex = { table: 'request', column: 'operation', key: 'pk' };

/** A filter whose identifiers were looked up, and whose texts can be stored. */
interface Asked extends Omit<RequestFilter, 'search'> {
  readonly search?: (RequestSearch & { readonly carrierId: string | null; readonly keys: readonly number[] }) | undefined;
}

/**
 * Lists Requests, newest first. It reads the keys from one index: that of the devices, of the reference, of the status, of the
 * accounts, of the operation. What else is asked for is looked up, Request by Request. A period reads only the spans of keys that have
 * Requests of it.
 */
export async function listRequests(
  db: Queries,
  { filter, after, limit, nextTurn }: { filter: RequestFilter; after: string | null; limit: number; nextTurn: NextTurn | undefined },
): Promise<Page<StoredRequest>> {
  const rows = await walkRequests<RequestRow>(db, await planList(inTurns(db, nextTurn), filter, after), limit + 1, {
    select: REQUEST,
    nextTurn,
  });
  return { rows: rows.slice(0, limit).map(toRequest), hasMore: rows.length > limit };
}

/** Counts them along the same index, and looks at what else is asked for. */
export async function countRequests(
  db: Queries,
  { filter, most, nextTurn }: { filter: RequestFilter; most: number; nextTurn: NextTurn | undefined },
): Promise<number> {
  return (await walkRequests(db, await planList(inTurns(db, nextTurn), filter, null), most, { select: 'pk', nextTurn })).length;
}

export async function planList(db: Queries, filter: RequestFilter, after: string | null): Promise<Walk> {
  const asked = await lookUp(db, filter);
  const start = after === null ? Number.MAX_SAFE_INTEGER : await findStart(db, after);
  const source = await chooseSource(db, sourcesOf(asked));
  return { source, conditions: conditionsOf(withoutSource(asked, source)), ranges: await findRanges(db, asked, start) };
}

function inTurns(db: Queries, nextTurn: NextTurn = () => Promise.resolve()): Queries {
  return {
    rows: async (text, values) => {
      await nextTurn();
      return db.rows(text, values);
    },
    run: (text, values) => db.run(text, values),
  };
}

async function lookUp(db: Queries, { search, deviceKeys, clientReference, ...filter }: RequestFilter): Promise<Asked> {
  return {
    ...filter,
    ...(clientReference !== undefined && { clientReference: clientReference.normalize() }),
    ...(deviceKeys && { deviceKeys: await findIndexed(db, deviceKeys) }),
    ...(search && { search: await lookUpSearch(db, search) }),
  };
}

async function lookUpSearch(db: Queries, search: RequestSearch) {
  const found = {
    deviceKeys: await findIndexed(db, search.deviceKeys),
    requestId: search.requestId,
    carrierRequestId: search.carrierRequestId,
    carrierId: toCarrierId(search.carrierRequestId),
    clientReference: search.clientReference,
  };
  const rows = await db.rows<{ pk: number }>(OF_SEARCH, [found.carrierId, found.requestId, found.clientReference, lastOf(found), FEW]);
  return { ...found, keys: rows.map(({ pk }) => pk) };
}

/** The indexes that have every Request that is asked for. The first ones usually have the fewest. */
function sourcesOf({ accounts, statuses, operation, clientReference, deviceKeys, search }: Asked): KeySource[] {
  const byStatus = statuses && { index: BY_STATUS, values: [...new Set(statuses)] };
  const isOpen = statuses && !statuses.some(isTerminal);
  const sources: (KeySource | false | undefined)[] = [
    deviceKeys && { index: BY_DEVICE, values: deviceKeys },
    clientReference !== undefined && { index: BY_REFERENCE, values: [clientReference] },
    // Not when very many references begin with the text: they are not in the order of the keys.
    search && search.keys.length < FEW && { index: BY_DEVICE, values: search.deviceKeys, keys: search.keys },
    isOpen && byStatus,
    accounts !== null && { index: BY_ACCOUNT, values: [...new Set(accounts)] },
    operation !== undefined && { index: BY_OPERATION, values: [operation] },
    !isOpen && byStatus,
  ];
  return sources.flatMap((source) => source || []);
}

async function chooseSource(db: Queries, sources: readonly KeySource[]): Promise<KeySource | null> {
  if (sources.length > 1) for (const source of sources) if (await hasFew(db, source, FEW)) return source;
  return sources[0] ?? null;
}

/** What the keys of the source have by themselves is not looked up again, where that would take longer than a look at the Request. */
function withoutSource(asked: Asked, source: KeySource | null): Asked {
  if (source?.keys) return { ...asked, search: undefined };
  return source?.index === BY_DEVICE ? { ...asked, deviceKeys: undefined } : asked;
}

/** Only what is asked for is among the conditions. */
function conditionsOf({ accounts, statuses, operation, clientReference, deviceKeys, search, since, until }: Asked): Condition[] {
  const conditions: (Condition | false | undefined)[] = [
    // What is purged has no account.
    () => "account <> ''",
    accounts !== null && ((add) => `account = ANY(${add(accounts)}::text[])`),
    statuses && ((add) => `status = ANY(${add(statuses)}::text[])`),
    operation !== undefined && ((add) => `operation = ${add(operation)}::word`),
    clientReference !== undefined && ((add) => `client_reference = ${add(clientReference)}::word`),
    deviceKeys && ((add) => hasKeys(add(deviceKeys))),
    search &&
      ((add) => `(${hasKeys(add(search.deviceKeys))} OR id = ${add(search.requestId)}::word
        OR client_reference BETWEEN ${add(search.clientReference)}::word AND ${add(lastOf(search))}::word
        OR EXISTS (SELECT 1 FROM carrier_request WHERE carrier_request_id = ${add(search.carrierId)}::word AND request_pk = request.pk))`),
    since !== undefined && ((add) => `created_at >= ${add(since)}::bigint`),
    until !== undefined && ((add) => `created_at < ${add(until)}::bigint`),
  ];
  return conditions.flatMap((condition) => condition || []);
}

/** A Request may have very many identifiers, and an identifier very many Requests. So each pair is looked up. */
const hasKeys = (keys: string) => `EXISTS (SELECT 1 FROM unnest(${keys}::text[]) AS w (key) CROSS JOIN LATERAL (
  SELECT 1 FROM identifier WHERE key = w.key::word AND request_pk = request.pk LIMIT 1) i)`;

/** The last text that begins as the reference of the search. */
function lastOf({ clientReference }: Pick<RequestSearch, 'clientReference'>): string {
  return `${clientReference}\u{10ffff}`;
}

/** A page may end at a Request that is purged before the next one is asked for. That page then begins at the Request made before it. */
async function findStart(db: Queries, after: string): Promise<number> {
  const [row] = await db.rows<{ pk: number }>(REQUEST_BEFORE, [after]);
  return row?.pk ?? 0;
}

/** The keys, newest first, among which all Requests of a period are. */
async function findRanges(db: Queries, { since, until }: Asked, start: number): Promise<KeyRange[]> {
  if (since === undefined && until === undefined) return [[start, 0]];
  const ranges: [number, number][] = [];
  for (const { span } of await db.rows<{ span: number }>(SPANS, [start, since ?? 0, until ?? Number.MAX_SAFE_INTEGER])) {
    const before = ranges.at(-1);
    if (before?.[1] === (span + 1) * SPAN) before[1] = span * SPAN;
    else ranges.push([Math.min(start, (span + 1) * SPAN - 1), span * SPAN]);
  }
  return ranges;
}

const REQUEST_BEFORE = `SELECT coalesce((SELECT pk - 1 FROM request WHERE id = $1::word),
  (SELECT pk FROM request WHERE id < $1::word AND id > 'req_' ORDER BY id DESC LIMIT 1), 0) AS pk`;
// The Requests that a text of a search names. Those of a device are in the order of their keys already.
const OF_SEARCH = `SELECT request_pk AS pk FROM carrier_request WHERE carrier_request_id = $1::word
  UNION ALL SELECT pk FROM request WHERE id = $2::word
  UNION ALL SELECT pk FROM request WHERE client_reference BETWEEN $3::word AND $4::word LIMIT $5`;
const SPANS = `SELECT s.span FROM generate_series(least($1::bigint, (SELECT max(pk) FROM request)) / ${SPAN}, 0, -1) AS s (span)
  CROSS JOIN LATERAL (SELECT 1 FROM request WHERE pk / ${SPAN} = s.span AND created_at >= $2 AND created_at < $3 LIMIT 1) r
  ORDER BY s.span DESC`;
