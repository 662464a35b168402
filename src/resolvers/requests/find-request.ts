import { GatewayError } from '../../errors.ts';
import type { RequestReads } from '../../datasources/request-log/request-reads.ts';
import type { StoredRequest } from '../../datasources/request-log/stored-request.ts';
import { mayUse, type Caller } from '../access/caller.ts';

type Found = Pick<RequestReads, 'requests' | 'findByCarrierRequestId'>;

/** The form of our Request ids. */
export const REQUEST_ID = /^req_[0-9A-HJKMNP-TV-Z]{26}$/;

/** Our id, as people paste it: in any letter case, with blanks around it. Null for a text of another form. */
export function readRequestId(text: string): string | null {
  const id = text.trim().replace(/^req_(.*)$/is, (_whole, ulid: string) => `req_${ulid.toUpperCase()}`);
  return REQUEST_ID.test(id) ? id : null;
}

/**
 * Finds a Request by our `req_…` id or by the carrier's own request id, a GUID in any letter case and in braces. For one that this caller may not see the answer is the
 * same as for one that does not exist.
 *
 * @param load reads a Request by our id; the default reads the log.
 */
export async function findRequest(
  requests: Found,
  caller: Caller,
  id: string,
  load = async (ownId: string) => (await requests.requests([ownId])).get(ownId) ?? null,
): Promise<StoredRequest | null> {
  const ownId = readRequestId(id);
  const found = await (ownId === null ? requests.findByCarrierRequestId(id) : load(ownId));
  return found && mayUse(caller, found.account, 'read') ? found : null;
}

/** @throws GatewayError NOT_FOUND */
export async function requireRequest(requests: Found, caller: Caller, id: string): Promise<StoredRequest> {
  const found = await findRequest(requests, caller, id);
  if (!found)
    throw new GatewayError('NOT_FOUND', 'No request has this id. Pass the `id` a mutation returned, or the carrier’s own request id.');
  return found;
}
