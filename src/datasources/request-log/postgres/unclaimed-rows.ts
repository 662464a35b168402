import type { IncomingCallback } from '../callback-intake.ts';
import type { Refusal } from '../dead-letter-log.ts';
import type { LogLimits } from '../log-limits.ts';
import type { Queries, Transaction } from './database.ts';
import type { Path, PathRoom } from './path-rows.ts';
import type { Seals } from './seals.ts';

export interface NewUnclaimed extends Pick<IncomingCallback, 'account' | 'service' | 'receivedAt' | 'callbackCount' | 'digest' | 'json'> {
  readonly carrierRequestId: string | null;
}

export interface UnclaimedRow extends NewUnclaimed {
  readonly pk: number;
}

/** Stores messages that no Request has. Gives back what became of each, in their order. */
export async function insertUnclaimed(
  tx: Transaction,
  { seals, limits, room }: { readonly seals: Seals; readonly limits: LogLimits; readonly room: PathRoom },
  messages: readonly NewUnclaimed[],
): Promise<('UNCLAIMED' | 'DUPLICATE' | Refusal)[]> {
  if (messages.length === 0) return [];
  const known = await knownUnclaimed(tx, messages);
  const counts = await countOfIds(tx, messages, limits.messagesOfId);
  const rows: NewUnclaimed[] = [];
  const results = messages.map((message): 'UNCLAIMED' | 'DUPLICATE' | Refusal => {
    const { account, digest, carrierRequestId, json } = message;
    const key = keyOf(message, digest);
    if (known.has(key)) return 'DUPLICATE';
    if (!room.has(message, 'UNCLAIMED', json.length)) return 'PATH_FULL';
    const count = counts.get(`${account} ${carrierRequestId}`) ?? 0;
    if (carrierRequestId !== null && count >= limits.messagesOfId) return 'REQUEST_FULL';
    counts.set(`${account} ${carrierRequestId}`, count + 1);
    room.take(message, 'UNCLAIMED', json.length);
    known.add(key);
    rows.push(message);
    return 'UNCLAIMED';
  });
  if (rows.length > 0)
    await tx.run(INSERT, [
      rows.map(({ account }) => account),
      rows.map(({ service }) => service),
      rows.map(({ carrierRequestId }) => carrierRequestId),
      rows.map(({ receivedAt }) => receivedAt),
      rows.map(({ callbackCount }) => callbackCount),
      rows.map(({ digest }) => digest),
      rows.map((row) => seals.sealText(row.json, placeOfUnclaimed(row))),
      rows.map(() => seals.keyId),
    ]);
  return results;
}

export function placeOfUnclaimed({ account, service, digest }: Path & { readonly digest: Uint8Array }): string {
  return `unclaimed/message/${account}/${service}/${Buffer.from(digest).toString('hex')}`;
}

/** Which of these messages are among the unclaimed ones, by account, service and digest. */
export async function knownUnclaimed(tx: Transaction, messages: readonly (Path & { readonly digest: Uint8Array })[]): Promise<Set<string>> {
  const found = await tx.rows<Path & { digest: Uint8Array }>(KNOWN, [
    messages.map(({ account }) => account),
    messages.map(({ service }) => service),
    messages.map(({ digest }) => digest),
  ]);
  return new Set(found.map((row) => keyOf(row, row.digest)));
}

function keyOf({ account, service }: Path, digest: Uint8Array): string {
  // As the key of a dead letter without its reason.
  return `${account} ${service}  ${Buffer.from(digest).toString('base64')}`;
}

/** Of these ids of accounts those whose messages wait to be claimed, as `account id`. */
export async function waitingIds(
  tx: Queries,
  ids: readonly { readonly account: string; readonly carrierRequestId: string }[],
): Promise<Set<string>> {
  const asked = new Map(ids.map((each) => [`${each.account} ${each.carrierRequestId}`, each]));
  const found = await tx.rows<{ account: string; id: string }>(WAITING, [
    [...asked.values()].map(({ account }) => account),
    [...asked.values()].map(({ carrierRequestId }) => carrierRequestId),
  ]);
  return new Set(found.map(({ account, id }) => `${account} ${id}`));
}

/** How many messages some ids have, as far as that matters: a long list is counted only in a store whose paths hold so many. */
async function countOfIds(tx: Transaction, messages: readonly NewUnclaimed[], most: number): Promise<Map<string, number>> {
  const ids = [...new Set(messages.flatMap(({ carrierRequestId }) => carrierRequestId ?? []))];
  if (ids.length === 0) return new Map();
  const found = await tx.rows<{ account: string; id: string; count: number }>(COUNTS, [ids, most]);
  return new Map(found.map(({ account, id, count }) => [`${account} ${id}`, count]));
}

const INSERT = `INSERT INTO unclaimed (account, service, carrier_request_id, received_at, callback_count, digest, message, key_id)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[], $7::text[], $8::text[])
  ON CONFLICT DO NOTHING`;
const KNOWN = `SELECT u.account, u.service, u.digest FROM unnest($1::text[], $2::text[], $3::bytea[]) AS w (account, service, digest)
  JOIN unclaimed u ON u.account = w.account::word AND u.service = w.service::word AND u.digest = w.digest`;
const WAITING = `SELECT w.account, w.id FROM unnest($1::text[], $2::text[]) AS w (account, id) WHERE EXISTS (SELECT 1 FROM unclaimed u
  WHERE u.carrier_request_id = w.id::word AND u.account = w.account::word AND NOT u.is_left)`;
const COUNTS = `SELECT u.account, w.id, count(*)::integer AS count FROM unnest($1::text[]) AS w (id)
  CROSS JOIN LATERAL (SELECT account FROM unclaimed WHERE carrier_request_id = w.id::word LIMIT $2) u GROUP BY u.account, w.id`;
