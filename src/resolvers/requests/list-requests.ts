import type { RequestFilter, RequestReads } from '../../datasources/request-log/request-reads.ts';
import type { NextTurn, Page, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import type { DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { GatewayError } from '../../errors.ts';
import { readDeviceKey, readSearch } from './search-text.ts';

export interface AskedRequests extends Omit<RequestFilter, 'deviceKeys' | 'search'> {
  readonly deviceId: { readonly kind: DeviceIdentifierKind; readonly value: string } | null | undefined;
  readonly search: string | null | undefined;
}

export interface RequestCount {
  readonly count: number;
  /** There are more, which were not counted. */
  readonly isAtLeast: boolean;
}

/** Counting ends here: it looks at as many rows as a list of them. */
export const MOST_COUNTED = 10_000;

/**
 * Lists Requests, newest first.
 *
 * @throws GatewayError BAD_USER_INPUT when it searches for what cannot be: an empty list would look like "not there"
 */
export async function listRequests(
  requests: Pick<RequestReads, 'list'>,
  asked: AskedRequests,
  after: string | null,
  limit: number,
  nextTurn?: NextTurn,
): Promise<Page<StoredRequest>> {
  const { filter, doubt } = readFilter(asked);
  const page = await requests.list(filter, after, limit, nextTurn);
  if (doubt !== null && page.rows.length === 0 && after === null) throw new GatewayError('BAD_USER_INPUT', doubt);
  return page;
}

/** Counts what a list has on all its pages. */
export function countRequests(requests: Pick<RequestReads, 'count'>, asked: AskedRequests, nextTurn?: NextTurn): Promise<RequestCount> {
  return countFound(requests, readFilter(asked).filter, nextTurn);
}

/** The same for a filter that was read. */
export async function countFound(requests: Pick<RequestReads, 'count'>, filter: RequestFilter, nextTurn?: NextTurn): Promise<RequestCount> {
  const found = await requests.count(filter, MOST_COUNTED + 1, nextTurn);
  return { count: Math.min(found, MOST_COUNTED), isAtLeast: found > MOST_COUNTED };
}

/** @throws GatewayError BAD_USER_INPUT */
function readFilter({ deviceId, search, ...filter }: AskedRequests): { readonly filter: RequestFilter; readonly doubt: string | null } {
  const text = readSearch(search ?? '');
  const deviceKeys = deviceId ? [readDeviceKey(deviceId.kind, deviceId.value)] : undefined;
  return { filter: { ...filter, deviceKeys, search: text?.means }, doubt: text?.doubt ?? null };
}
