import type { Lease } from '../leases.ts';
import { QUEUE_TOPIC, type NewRequest, type QueueRoom, type RequestSending } from '../request-sending.ts';
import { FULL_WINDOW, INTERRUPTED, needsLease, RESTORED_SINCE, type SendingStep } from '../sending-steps.ts';
import type { RequestedDevice, RequestError } from '../stored-request.ts';
import { changeRequest, idsOf, runOne, settle, settleOwing, stepRequest, type ChangeParts, type StepAt } from './change-request.ts';
import type { Queries, Transaction } from './database.ts';
import { insertRequest, nameDevices } from './insert-request.ts';
import type { LockedRequest } from './locked-request.ts';
import { insertAudit } from './postgres-audit.ts';
import { isHeld } from './postgres-leases.ts';
import { placeOfInput } from './requested-devices.ts';

/** Fact: marks a restored backup. It is removed once everything that was QUEUED in it is settled. */
export const RESTORED = 'restored';
const RESTORED_AT = 'restored-at';

/** `RequestSending` of the PostgreSQL store. */
export class PostgresSending implements RequestSending {
  readonly #parts: ChangeParts;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
  }

  async create(request: NewRequest, room?: QueueRoom) {
    try {
      return await this.#create(request, room);
    } catch (error) {
      if (error instanceof NoRoom) return { outcome: 'NO_ROOM', id: request.id } as const;
      throw error;
    }
  }

  #create(request: NewRequest, room: QueueRoom | undefined) {
    return this.#parts.db.transaction(async (tx) => {
      const { account, createdBy, idempotencyKey, id, inputHash } = request;
      const existing = idempotencyKey === null ? null : await findByKey(tx, account, createdBy, idempotencyKey);
      if (existing) {
        const outcome = Buffer.compare(existing.inputHash, inputHash) === 0 ? 'EXISTS' : 'KEY_REUSED';
        return { outcome, id: existing.id } as const;
      }
      if (room && !(await hasRoom(tx, createdBy, room))) throw new NoRoom();
      const locked = await insertRequest(tx, this.#parts.seals, { ...request, origin: 'GATEWAY' });
      if (request.audit) await insertAudit(tx, [request.audit], request.createdAt);
      await runOne(tx, this.#parts, locked, (run) => run.apply({ type: 'CREATED' }, request.createdAt));
      tx.wake(QUEUE_TOPIC);
      if (room) await requireRoom(tx, createdBy, room);
      return { outcome: 'CREATED', id } as const;
    });
  }

  hasRoom(createdBy: string, room: QueueRoom): Promise<boolean> {
    return hasRoom(this.#parts.db, createdBy, room);
  }

  findByKey(account: string, createdBy: string, key: string) {
    return findByKey(this.#parts.db, account, createdBy, key);
  }

  setMembers(requestId: string, devices: readonly RequestedDevice[]): Promise<void> {
    return changeRequest(this.#parts, requestId, async (tx, request) => {
      // It was cancelled or sent while the devices were read, or they were read twice: this list is too late.
      if (request.total === null && request.carriers[0]?.state === 'QUEUED') await this.#setMembers(tx, request, devices);
    });
  }

  async step(requestId: string, position: number, step: SendingStep, lease?: Lease): Promise<boolean> {
    const steps = [{ position, step }];
    const done = await changeRequest(this.#parts, requestId, async (tx, request) => {
      if (lease && needsLease(step) && (lease.over.aborted || !(await isHeld(tx, 'carrier-work', lease)))) return 0;
      return stepRequest(tx, this.#parts, request, steps);
    });
    if (done > 0) await settle(this.#parts, requestId, idsOf(steps));
    return done > 0;
  }

  async cancelQueued(requestId: string, error: RequestError): Promise<number> {
    const cancelled = await changeRequest(this.#parts, requestId, (tx, request) => {
      const queued = request.carriers.flatMap(({ state }, position): StepAt[] =>
        state === 'QUEUED' ? [{ position, step: { type: 'CANCELLED', error } }] : [],
      );
      return stepRequest(tx, this.#parts, request, queued);
    });
    await settle(this.#parts, requestId);
    return cancelled;
  }

  async recover(token?: number): Promise<string[]> {
    const { db, now } = this.#parts;
    await settleOwing(this.#parts);
    const maySettle = (tx: Transaction) => (token === undefined ? Promise.resolve(true) : isHeld(tx, 'carrier-work', { token }));
    await this.#settleAll('SENDING', INTERRUPTED, maySettle);
    const [restored] = await db.rows('SELECT 1 FROM fact WHERE key = $1', [RESTORED]);
    if (restored) {
      await this.#settleAll('QUEUED', RESTORED_SINCE, maySettle);
      await db.transaction(async (tx) => {
        if (!(await maySettle(tx))) return;
        await tx.run('DELETE FROM fact WHERE key = $1', [RESTORED]);
        await tx.run('INSERT INTO fact VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [
          RESTORED_AT,
          String(now()),
        ]);
      });
    }
    return this.queued();
  }

  queued(): Promise<string[]> {
    return idsIn(this.#parts.db, QUEUED);
  }

  async sentSince(operation: string, since: number): Promise<number[]> {
    const { db, clockOffMs } = this.#parts;
    const rows = await db.rows<{ sentAt: number; attempts: number }>(SENT_SINCE, [since + clockOffMs, operation]);
    // The store has only the time of the last attempt, so the earlier ones count as just as recent.
    const sent = rows.flatMap(({ sentAt, attempts }) => Array.from({ length: attempts }, () => sentAt - clockOffMs));
    const [restored] = await db.rows<{ value: string }>('SELECT value FROM fact WHERE key = $1', [RESTORED_AT]);
    const at = Number(restored?.value ?? 0);
    // The store does not have what left just before the restore.
    const before = at > since ? Array.from({ length: FULL_WINDOW }, () => at) : [];
    return [...before, ...sent].toSorted((a, b) => a - b);
  }

  /** Whatever is in this state has an unknown fate. */
  async #settleAll(state: 'SENDING' | 'QUEUED', error: RequestError, maySettle: (tx: Transaction) => Promise<boolean>): Promise<void> {
    for (const requestId of await idsIn(this.#parts.db, state === 'SENDING' ? SENDING : QUEUED)) {
      await changeRequest(this.#parts, requestId, async (tx, request) => {
        if (!(await maySettle(tx))) return 0;
        const found = request.carriers.flatMap((carrier, position): StepAt[] =>
          carrier.state === state ? [{ position, step: { type: 'UNANSWERED', error } }] : [],
        );
        return stepRequest(tx, this.#parts, request, found);
      });
      await settle(this.#parts, requestId);
    }
  }

  /** Takes the members of a group for the devices of its Request. Nothing has happened to a device yet. */
  async #setMembers(tx: Transaction, request: LockedRequest, devices: readonly RequestedDevice[]): Promise<void> {
    const { seals, now } = this.#parts;
    const { pk, lastSeq } = request;
    const [input] = await tx.rows<{ settings: string; keyId: string | null }>(
      'SELECT settings, key_id AS "keyId" FROM request_input WHERE request_pk = $1',
      [pk],
    );
    // A row has one key, so the settings are sealed again together with the devices.
    const settings = seals.openText(input?.settings ?? '{}', input?.keyId ?? null, placeOfInput('settings', pk));
    await tx.run('UPDATE request_input SET devices = $2, settings = $3, key_id = $4 WHERE request_pk = $1', [
      pk,
      seals.sealText(JSON.stringify(devices), placeOfInput('devices', pk)),
      seals.sealText(settings, placeOfInput('settings', pk)),
      seals.keyId,
    ]);
    await tx.run(SET_ESTIMATE, [pk, devices.length]);
    await tx.run('DELETE FROM device_key WHERE request_pk = $1', [pk]);
    const blank: LockedRequest = {
      ...request,
      total: devices.length,
      counts: [devices.length],
      learntSeq: lastSeq,
      carriers: request.carriers.map((carrier) => ({ ...carrier, tallies: null })),
    };
    await nameDevices(tx, blank, devices);
    await runOne(tx, this.#parts, blank, (run) => run.apply({ type: 'MEMBERS' }, now()));
  }
}

async function findByKey(db: Queries, account: string, createdBy: string, key: string) {
  const [row] = await db.rows<{ id: string; inputHash: Uint8Array }>(BY_KEY, [account, createdBy, key]);
  return row ?? null;
}

async function hasRoom(db: Queries, createdBy: string, { ofAll, ofCaller }: QueueRoom): Promise<boolean> {
  const [row] = await db.rows<{ all: number; own: number }>(WAITING, [createdBy]);
  return row !== undefined && row.all < ofAll && row.own < ofCaller;
}

class NoRoom extends Error {}

/** Looks again at the end: one transaction after the other, so that none is made beyond the room. The new Request counts already. */
async function requireRoom(tx: Transaction, createdBy: string, { ofAll, ofCaller }: QueueRoom): Promise<void> {
  await tx.run('SELECT pg_advisory_xact_lock($1)', [QUEUE_LOCK]);
  if (!(await hasRoom(tx, createdBy, { ofAll: ofAll + 1, ofCaller: ofCaller + 1 }))) throw new NoRoom();
}

/** Any number, but always the same. */
const QUEUE_LOCK = 0x4d324d51;

async function idsIn(db: Queries, sql: string): Promise<string[]> {
  return (await db.rows<{ id: string }>(sql)).map(({ id }) => id);
}

const BY_KEY = `SELECT id, input_hash AS "inputHash" FROM request
  WHERE account = $1::word AND created_by = $2::word AND idempotency_key = $3::word`;
// As many as may wait, at most.
const WAITING = `SELECT count(*) AS all, count(*) FILTER (WHERE created_by = $1::word) AS own FROM request
  WHERE completed_at IS NULL AND status IN ('QUEUED', 'SUBMITTING')`;
const OPEN_CARRIER = `SELECT r.id FROM request r WHERE r.pk IN (SELECT request_pk FROM carrier_request
  WHERE state IN ('QUEUED', 'SENDING', 'UNKNOWN')`;
const SENDING = `${OPEN_CARRIER} AND state = 'SENDING') AND r.account <> '' ORDER BY r.pk`;
const QUEUED = `${OPEN_CARRIER} AND state = 'QUEUED') AND r.account <> '' ORDER BY r.pk`;
// A request may reach the carrier at any time until it is answered. None takes an hour.
const SENT_SINCE = `SELECT greatest(c.sent_at, coalesce(c.answered_at, 0)) AS "sentAt", c.attempts
  FROM carrier_request c JOIN request r ON r.pk = c.request_pk
  WHERE c.sent_at > $1::bigint - 3600000 AND greatest(c.sent_at, coalesce(c.answered_at, 0)) > $1::bigint AND r.operation = $2::word
  ORDER BY 1`;
const SET_ESTIMATE = `UPDATE request SET total = $2, total_is_estimate = true, indexed_seq = -1,
  is_to_index = true WHERE pk = $1`;
