import { requestIdSpellings } from '../../thingspace/wire/carrier-request-id.ts';
import type { RequestFilter } from '../request-reads.ts';
import { isTerminal, type NextTurn, type Page, type StoredRequest } from '../stored-request.ts';
import { findIndexed } from './index-identifiers.ts';
import { toRequest, type RequestRow } from './sqlite-rows.ts';
import { REQUEST, type Statements } from './sqlite-statements.ts';
import type { KeyedRows, KeyRange, KeySource, KeyWalker, OrderedIndex, Parameters, Walk } from './walk-keys.ts';

/** A source whose values have no more keys is read, whatever else is asked for. A search looks up so many single Requests. */
const FEW = 1_000;
/** Keys in a row of `request_span`. */
const SPAN = 4_096;

export const REQUESTS: KeyedRows = { table: 'request', select: REQUEST, order: 'DESC' };
const REQUEST_KEYS: KeyedRows = { ...REQUESTS, select: 'pk' };

const BY_DEVICE: OrderedIndex = { from: 'identifier', column: 'key', key: 'request_pk' };
const BY_REFERENCE: OrderedIndex = { from: 'request INDEXED BY request_by_reference', column: 'client_reference', key: 'pk' };
const BY_ACCOUNT: OrderedIndex = { from: 'request INDEXED BY request_by_account', column: 'account', key: 'pk' };
const OPEN: OrderedIndex = { from: 'request INDEXED BY request_open', column: 'status', key: 'pk', only: 'completed_at IS NULL' };

/**
 * Lists Requests, newest first. It reads the keys from one index: that of the devices, of the reference, of what is open, of the
 * accounts. What else is asked for is looked up, Request by Request. Only a filter by what has no index reads all Requests, or all of
 * the accounts, and a period reads only the spans that have Requests of it.
 */
export async function listRequests(
  sql: Statements,
  walker: KeyWalker,
  { filter, after, limit, nextTurn }: { filter: RequestFilter; after: string | null; limit: number; nextTurn: NextTurn | undefined },
): Promise<Page<StoredRequest>> {
  const rows = await walker.page<RequestRow>(REQUESTS, () => planList(sql, walker, filter, after), limit + 1, nextTurn);
  return { rows: rows.slice(0, limit).map(toRequest), hasMore: rows.length > limit };
}

/** Counts them along the same index, and looks at what else is asked for. */
export async function countRequests(
  sql: Statements,
  walker: KeyWalker,
  { filter, most, nextTurn }: { filter: RequestFilter; most: number; nextTurn: NextTurn | undefined },
): Promise<number> {
  return (await walker.page(REQUEST_KEYS, () => planList(sql, walker, filter, null), most, nextTurn)).length;
}

function planList(sql: Statements, walker: KeyWalker, filter: RequestFilter, after: string | null): Walk {
  const sources = sourcesOf(sql, filter);
  const source = sources.find((each) => walker.hasAtMost(REQUESTS, each, FEW)) ?? sources[0] ?? null;
  return { source, ...listConditions(sql, filter), ranges: rangesOf(sql, filter, startOf(sql, after)) };
}

/** A page may end at a Request that is purged before the next one is asked for. That page then begins at the Request made before it. */
function startOf({ requestBefore }: Statements, after: string | null): number {
  return after === null ? Number.MAX_SAFE_INTEGER : ((requestBefore.get({ id: after }) as { pk: number } | undefined)?.pk ?? 0);
}

/** The keys, newest first, among which all Requests of a period are. */
function rangesOf({ requestSpans }: Pick<Statements, 'requestSpans'>, { since, until }: RequestFilter, from: number): KeyRange[] {
  if (since === undefined && until === undefined) return [[from, 0]];
  const ranges: [number, number][] = [];
  const spans = requestSpans.all({ since: since ?? 0, until: until ?? Number.MAX_SAFE_INTEGER, last: from }) as { span: number }[];
  for (const { span } of spans) {
    const before = ranges.at(-1);
    if (before?.[1] === (span + 1) * SPAN) before[1] = span * SPAN;
    else ranges.push([Math.min(from, (span + 1) * SPAN - 1), span * SPAN]);
  }
  return ranges;
}

/** The indexes that have every Request that is asked for. The first ones usually have the fewest. */
export function sourcesOf(sql: Statements, { accounts, statuses, clientReference, deviceKeys, search }: RequestFilter): KeySource[] {
  const sources: (KeySource | null)[] = [
    deviceKeys ? { index: BY_DEVICE, values: findIndexed(sql, deviceKeys) } : null,
    clientReference !== undefined ? { index: BY_REFERENCE, values: spellingsOf(clientReference) } : null,
    search ? searchSource(sql, search) : null,
    statuses && !statuses.some(isTerminal) ? { index: OPEN, values: [...new Set(statuses)] } : null,
    accounts ? { index: BY_ACCOUNT, values: [...new Set(accounts)] } : null,
  ];
  return sources.flatMap((source) => source ?? []);
}

/** Null when very many references begin with the text: they are not in the order of the keys. */
function searchSource(sql: Statements, search: NonNullable<RequestFilter['search']>): KeySource | null {
  const { searchKeys, ...parameters } = searchParameters(sql, search);
  const keys = sql.requestsOfSearch.all({ ...parameters, few: FEW }) as { pk: number }[];
  return keys.length < FEW ? { index: BY_DEVICE, values: searchKeys, keys: keys.map(({ pk }) => pk) } : null;
}

/** Only what is asked for is among the conditions. */
export function listConditions(
  sql: Pick<Statements, 'identifiersLike'>,
  filter: RequestFilter,
): { readonly conditions: readonly string[]; readonly parameters: Parameters } {
  const { accounts, statuses, operation, clientReference, deviceKeys, search, since, until } = filter;
  // What is purged has no account.
  const asked: [condition: string, parameters: Parameters][] = [["account <> ''", {}]];
  if (accounts) asked.push(['account IN (SELECT value FROM json_each(:accounts))', { accounts: JSON.stringify(accounts) }]);
  if (statuses) asked.push(['status IN (SELECT value FROM json_each(:statuses))', { statuses: JSON.stringify(statuses) }]);
  if (operation !== undefined) asked.push(['operation = :operation', { operation }]);
  if (clientReference !== undefined)
    asked.push([
      'client_reference IN (SELECT value FROM json_each(:references))',
      { references: JSON.stringify(spellingsOf(clientReference)) },
    ]);
  if (deviceKeys) asked.push([hasKeys(':deviceKeys'), { deviceKeys: JSON.stringify(findIndexed(sql, deviceKeys)) }]);
  if (search) {
    const { searchKeys, ...parameters } = searchParameters(sql, search);
    asked.push([IS_FOUND, { ...parameters, searchKeys: JSON.stringify(searchKeys) }]);
  }
  if (since !== undefined) asked.push(['created_at >= :since', { since }]);
  if (until !== undefined) asked.push(['created_at < :until', { until }]);
  return {
    conditions: asked.map(([condition]) => condition),
    parameters: Object.assign({}, ...asked.map(([, each]) => each)) as Parameters,
  };
}

const hasKeys = (keys: string) =>
  `EXISTS (SELECT 1 FROM identifier WHERE key IN (SELECT value FROM json_each(${keys})) AND request_pk = request.pk)`;

const IS_FOUND = `(${hasKeys(':searchKeys')} OR id = :searchId OR client_reference BETWEEN :reference AND :lastReference
  OR EXISTS (SELECT 1 FROM carrier_request WHERE carrier_request_id IN (SELECT value FROM json_each(:carrierIds)) AND request_pk = request.pk))`;

function searchParameters(sql: Pick<Statements, 'identifiersLike'>, search: NonNullable<RequestFilter['search']>) {
  const { deviceKeys, requestId, carrierRequestId, clientReference } = search;
  return {
    searchKeys: findIndexed(sql, deviceKeys),
    carrierIds: JSON.stringify(requestIdSpellings(carrierRequestId)),
    searchId: requestId,
    reference: clientReference,
    lastReference: `${clientReference}\u{10ffff}`,
  };
}

/** Versions before this one stored it as it came. */
function spellingsOf(clientReference: string): string[] {
  return [...new Set([clientReference, clientReference.normalize()])];
}
