import { cleanRequestId } from '../../thingspace/wire/carrier-request-id.ts';
import type { Owner } from '../carrier-owner.ts';
import type { Queries } from './database.ts';
import { toStorable } from './statement-text.ts';
import { LONGEST_KEY } from './write-runs.ts';

/** The one spelling of an id that the store uses. Null for what is no id: the carrier's ids have 36 characters. */
export function toCarrierId(requestId: string | null): string | null {
  return requestId === null || requestId.length > LONGEST_KEY ? null : toStorable(cleanRequestId(requestId));
}

/** The carrier requests that have these ids, by id. */
export async function findOwners(db: Queries, ids: readonly string[]): Promise<Map<string, Owner>> {
  if (ids.length === 0) return new Map();
  const found = await db.rows<Owner & { readonly id: string }>(OWNERS, [[...new Set(ids)]]);
  return new Map(found.map(({ id, ...owner }) => [id, owner]));
}

export async function findOwner(db: Queries, carrierRequestId: string): Promise<Owner | null> {
  const id = toCarrierId(carrierRequestId);
  return id === null ? null : ((await findOwners(db, [id])).get(id) ?? null);
}

const OWNERS = `SELECT c.carrier_request_id AS id, c.request_pk AS pk, c.position, c.service, r.account, r.origin
  FROM carrier_request c JOIN request r ON r.pk = c.request_pk WHERE c.carrier_request_id = ANY($1::text[])`;
