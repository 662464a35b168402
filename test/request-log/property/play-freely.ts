import { deepStrictEqual, ok } from 'node:assert/strict';
import { incomingOf, type CarrierMessage } from './carrier-message.ts';
import type { DrivenStore, OpenDriven } from './driven-store.ts';
import { strangeGuid } from './fleet.ts';
import { freeMessage, freeRequest, freeStep, requested } from './free-inputs.ts';
import type { FreeOperation } from './free-operations.ts';
import { checkLog } from './log-invariants.ts';
import type { LogSource } from './log-source.ts';
import type { LogView } from './log-view.ts';
import { ERROR, pick } from './planned-call.ts';
import type { Fate, Turn } from './turn.ts';
import type { FlatStore } from '../../support/flat-store.ts';

const TURN_MS = 10;
/** The whole log is checked after so many turns, and at the end. */
const TURNS_BETWEEN_CHECKS = 8;

/** Plays turns on the log. Throws when an invariant of every log is broken, or an earlier promise is not kept. */
export async function playFreely(source: LogSource, turns: readonly Turn<FreeOperation>[], open: OpenDriven): Promise<void> {
  await using store = await open();
  const game = new FreeGame(source, store);
  for (const [at, turn] of turns.entries()) {
    await game.play(turn);
    if (at % TURNS_BETWEEN_CHECKS === TURNS_BETWEEN_CHECKS - 1) await game.check();
  }
  await game.check();
}

/** A Request as it stands before a turn. */
interface Known {
  readonly id: string;
  readonly isExternal: boolean;
  readonly isGroup: boolean;
  readonly states: readonly string[];
}

type RequestView = LogView['requests'][number];
type OfOne = Extract<FreeOperation, { readonly request: number }>;

class FreeGame {
  readonly #source: LogSource;
  readonly #store: DrivenStore;
  readonly #messages: CarrierMessage[] = [];
  /** The acknowledged messages, by account and hash. */
  readonly #acknowledged = new Set<string>();
  #purged = false;
  /** Whether a carrier request may have got another id than it had. */
  #renamed = false;
  #numbers = 0;
  #before: LogView | null = null;

  constructor(source: LogSource, store: DrivenStore) {
    this.#source = source;
    this.#store = store;
  }

  async play({ operations, fate }: Turn<FreeOperation>): Promise<void> {
    this.#store.now += TURN_MS;
    const known = await this.#known();
    if (fate?.is === 'DEATH') this.#store.dieAfter(fate.after);
    if (fate?.is === 'FULL_DISK') this.#store.breakAfter(fate.after);
    const { death, answersOn } = this.#store;
    const results = await Promise.allSettled(operations.map((operation) => Promise.race([this.#give(operation, known), death])));
    await this.#store.mend();
    for (const result of results) {
      if (result.status === 'rejected' && !this.#store.hasDied && !isForeseen(result.reason, fate)) throw result.reason;
      // A message on its way at the death was not acknowledged, whatever a store says that answers on.
      if (result.status === 'fulfilled' && result.value && !(fate?.is === 'DEATH' && answersOn)) this.#acknowledged.add(result.value);
    }
    if (fate?.is === 'DEATH') await this.#store.nextLife();
    if (fate?.is === 'DEATH' && fate.recovers) await this.#store.log.recover();
    // With the next write, the log goes on with what the fate broke off.
    if (fate) await this.#store.log.settleUnclaimed(Number.NEGATIVE_INFINITY);
  }

  async check(): Promise<void> {
    await this.#store.rest();
    const { view, rows } = await checkLog(this.#store, { found: [], idsChangeHands: this.#purged || this.#renamed });
    const stored = [...rows.events, ...rows.unclaimed, ...rows.foreign].map(({ account, digest }) => `${account} ${digest}`);
    const lost = [...this.#acknowledged.difference(new Set(stored))];
    if (!this.#purged) deepStrictEqual(lost, [], 'what was acknowledged is there');
    for (const message of lost) this.#acknowledged.delete(message);
    for (const request of this.#before?.requests ?? []) {
      const now = view.requests.find(({ id }) => id === request.id);
      // A purged request of another tool may have been made again by a later callback.
      if (now && !(this.#purged && now.origin === 'EXTERNAL')) stands(request, now);
    }
    this.#before = view;
  }

  async #known(): Promise<Known[]> {
    const { rows } = await this.#store.log.list({ accounts: null }, null, 1_000);
    const parts = await this.#store.log.carrierRequests(rows.map(({ id }) => id));
    return rows.toReversed().map(({ id, origin }) => ({
      id,
      isExternal: origin === 'EXTERNAL',
      isGroup: origin === 'GATEWAY' && parts.get(id)?.[0]?.deviceCount === null,
      states: parts.get(id)?.map(({ state }) => state) ?? [],
    }));
  }

  /** Resolves with account and hash of the message, if one was acknowledged. */
  async #give(operation: FreeOperation, known: readonly Known[]): Promise<string | null> {
    const { log, now } = this.#store;
    if (operation.type === 'callback') return this.#append(freeMessage(operation, now));
    if (operation.type === 'again') {
      const message = pick(this.#messages, operation.message);
      return message ? this.#append({ ...message, callbackCount: operation.count, receivedAt: now }) : null;
    }
    if (operation.type === 'submit') await this.#submit(operation);
    else if (operation.type === 'settle') await log.settleUnclaimed(now);
    else if (operation.type === 'recover') await log.recover();
    else if (operation.type === 'purge') await this.#purge(now - operation.turnsAgo * TURN_MS);
    else {
      const request = pick(known, operation.request);
      if (request) await this.#giveTo(log, request, operation);
    }
    return null;
  }

  async #giveTo(log: FlatStore, { id, isExternal, isGroup, states }: Known, operation: OfOne): Promise<unknown> {
    switch (operation.type) {
      case 'step':
        // The gateway never sends what another tool has sent.
        if (isExternal) return null;
        this.#renamed ||= operation.step === 'ACCEPTED' && states[operation.part] !== 'SENDING' && states[operation.part] !== 'QUEUED';
        return log.step(id, operation.part, freeStep(operation.step, operation.guid));
      case 'members':
        return isGroup && log.setMembers(id, operation.devices.map(requested));
      case 'lapse':
        return log.lapse(id, operation.part, operation.into, { from: operation.from, limit: operation.limit });
      case 'reconcile': {
        const { part: position, index, succeeded, named } = operation;
        // The gateway never asks the carrier about a request that has not left.
        if (states[position] === 'QUEUED') return null;
        const deviceIds = named.map(({ kind, id: value }) => ({ id: value, reportedKind: kind }));
        const evidence = this.#source.evidenceOf('DeviceList', { succeeded, servicePlan: `a${++this.#numbers}`, deviceIds });
        return log.reconcile([{ ...evidence, requestId: id, position, index }]);
      }
      case 'learn': {
        const { part: position, index, named } = operation;
        const deviceIds = named.map(({ kind, id: value }) => ({ id: value, reportedKind: kind }));
        return log.learn([{ ...this.#source.evidenceOf('DeviceList', { succeeded: false, deviceIds }), requestId: id, position, index }]);
      }
      case 'cancel':
        return log.cancelQueued(id, ERROR);
      case 'resolve':
        return log.resolveUnknown(id, operation.part, operation.guid === null ? null : strangeGuid(operation.guid));
      case 'follow':
        return operation.leaves ? this.#store.leave(id) : this.#store.follow(id);
    }
  }

  async #append(message: CarrierMessage): Promise<string> {
    this.#messages.push(message);
    const incoming = incomingOf(this.#source, message);
    await this.#store.log.append(incoming);
    return `${message.account} ${Buffer.from(incoming.digest).toString('hex').toUpperCase()}`;
  }

  async #submit(operation: Extract<FreeOperation, { type: 'submit' }>): Promise<void> {
    const { log, now } = this.#store;
    const request = freeRequest(++this.#numbers, operation, now);
    const { guid } = operation;
    // On PostgreSQL a step may come before the request is there, and fail. The others are still on their way then.
    const given = await Promise.allSettled([
      log.create(request),
      log.step(request.id, 0, { type: 'SENDING' }),
      guid === null ? null : log.step(request.id, 0, freeStep('ACCEPTED', guid)),
    ]);
    const failed = given.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #purge(before: number): Promise<void> {
    this.#purged = true;
    while (!(await this.#store.log.upkeep.purgeStep(before)).done);
  }
}

/** A device that a callback has settled stays settled by the same message, and no row is ever removed. */
function stands(before: RequestView, now: RequestView): void {
  ok(now.lastSeq >= before.lastSeq, `${before.id} has lost rows`);
  for (const { index, source, status, final } of before.outcomes) {
    if (source !== 'CALLBACK') continue;
    const outcome = now.outcomes[index];
    deepStrictEqual([outcome?.source, outcome?.status, outcome?.final], [source, status, final], `${before.id}/${index}: the first wins`);
  }
}

/** Mistakes of the caller: a position that does not exist, a Request that was just purged. */
function isForeseen(error: unknown, fate: Fate | null): boolean {
  const text = error instanceof Error ? `${error.message} ${'code' in error ? String(error.code) : ''}` : '';
  if (fate?.is === 'FULL_DISK' && /STORE_FAILED/.test(text)) return true;
  return /no carrier request at position|NOT_FOUND/.test(text);
}
