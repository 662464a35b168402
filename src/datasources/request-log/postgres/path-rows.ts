import { createHash } from 'node:crypto';
import type { IncomingCallback } from '../callback-intake.ts';
import type { DeadLetter, DeadLetterReason } from '../dead-letter-log.ts';
import { forwardTopic, type ForwardCopy, type ForwardLane } from '../forward-queue.ts';
import type { LogLimits } from '../log-limits.ts';
import type { Transaction } from './database.ts';
import type { Seals } from './seals.ts';

export type HeldKind = 'UNCLAIMED' | 'FORWARD' | DeadLetterReason;

/** A path of the callback listener. */
export interface Path {
  readonly account: string;
  readonly service: string;
}

interface Room {
  rows: number;
  bytes: number;
}

/**
 * The room that paths have for more messages, as it was when the transaction began, and less what it has taken since. Transactions that run
 * at once do not see each other, so a path may hold a few more than its bound: at most what they add together.
 */
export class PathRoom {
  readonly #limits: LogLimits;
  readonly #held: ReadonlyMap<string, Room>;

  private constructor(limits: LogLimits, held: ReadonlyMap<string, Room>) {
    this.#limits = limits;
    this.#held = held;
  }

  static async read(tx: Transaction, limits: LogLimits, accounts: readonly string[]): Promise<PathRoom> {
    const rows = await tx.rows<Path & Room & { kind: string }>(
      'SELECT account, service, kind, rows, bytes FROM held WHERE account = ANY($1::text[])',
      [[...new Set(accounts)]],
    );
    return new PathRoom(limits, new Map(rows.map((row) => [`${row.account} ${row.service} ${row.kind}`, row])));
  }

  /** Whether a path may hold one more message of a kind. */
  has({ account, service }: Path, kind: HeldKind, bytes: number, most = Infinity): boolean {
    const held = this.#of(account, service, kind);
    return held.rows < Math.min(most, this.#limits.messages) && held.bytes + bytes <= this.#limits.messageBytes;
  }

  take({ account, service }: Path, kind: HeldKind, bytes: number): void {
    const held = this.#of(account, service, kind);
    held.rows++;
    held.bytes += bytes;
  }

  /** Whether the requests of other tools may hold more for an account. */
  hasExternal(account: string): boolean {
    const { rows, bytes } = this.#of(account, '', 'EXTERNAL');
    return rows < this.#limits.externalRows && bytes < this.#limits.externalBytes;
  }

  #of(account: string, service: string, kind: string): Room {
    const key = `${account} ${service} ${kind}`;
    let held = this.#held.get(key);
    if (!held) (this.#held as Map<string, Room>).set(key, (held = { rows: 0, bytes: 0 }));
    return held;
  }
}

/** A message that is kept as a dead letter. */
export interface NewDeadLetter extends Pick<
  DeadLetter,
  'account' | 'service' | 'receivedAt' | 'reason' | 'contentType' | 'contentEncoding' | 'body'
> {
  readonly digest: Uint8Array;
}

/** A callback that was acknowledged, or is about to be, and cannot be applied. */
export function toDeadLetter(
  { account, service, receivedAt, digest, json }: Pick<IncomingCallback, 'account' | 'service' | 'receivedAt' | 'digest' | 'json'>,
  reason: DeadLetterReason,
): NewDeadLetter {
  return { account, service, receivedAt, reason, contentType: null, body: Buffer.from(json), digest };
}

export function digestOf(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest();
}

/** One that is there already changes nothing. */
export async function insertDeadLetters(tx: Transaction, seals: Seals, letters: readonly NewDeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  await tx.run(INSERT_DEAD_LETTERS, [
    letters.map(({ account }) => account),
    letters.map(({ service }) => service),
    letters.map(({ receivedAt }) => receivedAt),
    letters.map(({ reason }) => reason),
    letters.map(({ contentType }) => contentType),
    letters.map(({ contentEncoding = null }) => contentEncoding),
    letters.map(({ digest }) => digest),
    letters.map((letter) => seals.sealBytes(letter.body, placeOfDeadLetter(letter))),
    letters.map(() => seals.keyId),
  ]);
}

export function placeOfDeadLetter({ account, service, reason, digest }: Path & { reason: string; digest: Uint8Array }): string {
  return `dead_letter/body/${account}/${service}/${reason}/${Buffer.from(digest).toString('hex')}`;
}

export type ForwardedMessage = ForwardLane & { readonly receivedAt: number; readonly forward?: ForwardCopy | null | undefined };

/**
 * Stores the copies of messages, in the transaction that stores the messages. When no more copies may wait, none is made: the message
 * itself is never refused because the previous listener is down.
 *
 * @returns how many copies had no room, by lane.
 */
export async function insertForwards(
  tx: Transaction,
  { seals, room }: { readonly seals: Seals; readonly room: PathRoom },
  messages: readonly ForwardedMessage[],
): Promise<Map<ForwardLane, number>> {
  const copies: (ForwardLane & { receivedAt: number; forward: ForwardCopy })[] = [];
  const noRoom = new Map<string, ForwardLane & { count: number }>();
  for (const { account, service, receivedAt, forward } of messages) {
    if (!forward) continue;
    const lane = { account, service };
    if (room.has(lane, 'FORWARD', forward.body.byteLength)) {
      room.take(lane, 'FORWARD', forward.body.byteLength);
      copies.push({ ...lane, receivedAt, forward });
    } else {
      const known = noRoom.get(forwardTopic(lane)) ?? { ...lane, count: 0 };
      known.count++;
      noRoom.set(forwardTopic(lane), known);
    }
  }
  if (copies.length > 0) {
    // A body is sealed for its place, so the keys are drawn before.
    const keys = await tx.rows<{ pk: number }>(NEXT_FORWARDS, [copies.length]);
    await tx.run(INSERT_FORWARDS, [
      keys.map(({ pk }) => pk),
      copies.map(({ account }) => account),
      copies.map(({ service }) => service),
      copies.map(({ receivedAt }) => receivedAt),
      copies.map(({ forward }) => forward.contentType),
      copies.map(({ forward: { contentEncoding = null } }) => contentEncoding),
      copies.map(({ account, service, forward }, at) =>
        seals.sealBytes(forward.body, placeOfForward({ account, service, pk: keys[at]?.pk ?? 0 })),
      ),
      copies.map(() => seals.keyId),
    ]);
    for (const topic of new Set(copies.map(forwardTopic))) tx.wake(topic);
  }
  return new Map([...noRoom.values()].map(({ account, service, count }) => [{ account, service }, count]));
}

export function placeOfForward({ account, service, pk }: ForwardLane & { readonly pk: number }): string {
  return `forward/body/${account}/${service}/${pk}`;
}

const INSERT_DEAD_LETTERS = `INSERT INTO dead_letter (account, service, received_at, reason, content_type, content_encoding, digest, body,
    key_id)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bytea[], $9::text[])
  ON CONFLICT DO NOTHING`;
const NEXT_FORWARDS = `SELECT nextval(pg_get_serial_sequence('forward', 'pk')) AS pk FROM generate_series(1, $1::integer)`;
const INSERT_FORWARDS = `INSERT INTO forward (pk, account, service, received_at, content_type, content_encoding, body, key_id)
  OVERRIDING SYSTEM VALUE
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[])`;
