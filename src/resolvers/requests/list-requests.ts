import type { RequestFilter, RequestReads } from '../../datasources/request-log/request-reads.ts';
import type { NextTurn, Page, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import type { DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { GatewayError } from '../../errors.ts';
import { readDeviceKey, readSearch } from './search-text.ts';

export interface AskedRequests extends Omit<RequestFilter, 'deviceKeys' | 'search'> {
  readonly deviceId: { readonly kind: DeviceIdentifierKind; readonly value: string } | null | undefined;
  readonly search: string | null | undefined;
}

/**
 * Lists Requests, newest first.
 *
 * @throws GatewayError BAD_USER_INPUT when it searches for what cannot be: an empty list would look like "not there"
 */
export async function listRequests(
  requests: Pick<RequestReads, 'list'>,
  { deviceId, search, ...filter }: AskedRequests,
  after: string | null,
  limit: number,
  nextTurn?: NextTurn,
): Promise<Page<StoredRequest>> {
  const text = readSearch(search ?? '');
  const deviceKeys = deviceId ? [readDeviceKey(deviceId.kind, deviceId.value)] : undefined;
  const page = await requests.list({ ...filter, deviceKeys, search: text?.means }, after, limit, nextTurn);
  if (text && text.doubt !== null && page.rows.length === 0 && after === null) throw new GatewayError('BAD_USER_INPUT', text.doubt);
  return page;
}
