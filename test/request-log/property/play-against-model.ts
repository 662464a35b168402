import { deepStrictEqual } from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { DrivenStore, OpenDriven } from './driven-store.ts';
import type { LogSource } from './log-source.ts';
import { checkLog } from './log-invariants.ts';
import { batchView, viewOfLog } from './log-view.ts';
import type { Operation, OperationOf } from './operations.ts';
import { planOperation } from './plan-operation.ts';
import { PlainLog, REJECTS } from './plain-log.ts';
import type { PlainDeadLetter, PlainForward } from './plain-shapes.ts';
import type { PlainRequest } from './plain-request.ts';
import { plainBatch, plainView } from './plain-view.ts';
import { pick, type PlannedCall, type Situation } from './planned-call.ts';
import type { Turn } from './turn.ts';
import type { FlatStore } from '../../support/flat-store.ts';

/** The length of one turn, by the log's clock. */
const TURN_MS = 10;

/** A call that was given to the log, and what it is told. */
interface Given {
  readonly planned: PlannedCall;
  readonly told: ReturnType<typeof answerOf>;
}

interface Follower {
  readonly requestId: string;
  cursor: number;
}

/** Plays turns on the log and on the model. Throws when the two do not agree. */
export async function playAgainstModel(source: LogSource, turns: readonly Turn<Operation>[], open: OpenDriven): Promise<void> {
  await using store = await open();
  const game = new Game(source, store);
  for (const turn of turns) await game.play(turn);
  await game.end();
}

class Game {
  readonly #source: LogSource;
  readonly #store: DrivenStore;
  #model = new PlainLog();
  #numbers = 0;
  readonly #followers = new Map<number, Follower>();

  constructor(source: LogSource, store: DrivenStore) {
    this.#source = source;
    this.#store = store;
  }

  async play({ operations, fate }: Turn<Operation>): Promise<void> {
    this.#store.now += TURN_MS;
    const situation = await this.#situation(operations.length === 1);
    const lives = [this.#model.copy()];
    if (fate?.is === 'DEATH') this.#store.dieAfter(fate.after);
    const given: Given[] = [];
    for (const planned of this.#plan(operations, situation)) {
      const before = given.at(-1)?.told;
      const told =
        before && !this.#store.takesInOrder ? before.then(() => answerOf(planned, this.#store.log)) : answerOf(planned, this.#store.log);
      given.push({ planned, told });
      if (fate?.is === 'DEATH') lives.push(this.#model.copy());
    }
    // A job that fails makes the others run again, each alone. On a full disk some of them would succeed and some not.
    if (fate?.is === 'FULL_DISK' && given.every(({ planned }) => planned.expected !== REJECTS))
      return this.#refused(given, lives, fate.after);
    const answered = await this.#compare(given);
    if (!this.#store.hasDied) await this.#untilDeath(this.#learnTimes(this.#model));
    if (fate?.is === 'DEATH') await this.#die(this.#store.answersOn ? lives : lives.slice(answered), fate.recovers);
  }

  /** Compares each answer with the model's. Gives back after how many of the calls the store was silent. */
  async #compare(given: readonly Given[]): Promise<number> {
    const death = this.#store.death.then(() => null);
    for (const [at, { planned, told }] of given.entries()) {
      const result = await Promise.race([told, death]);
      if (result === null || ('failure' in result && this.#store.hasDied)) return at;
      if ('failure' in result) throw new Error(planned.name, { cause: result.failure });
      // Nobody can look up any more what the answer names.
      if (this.#store.hasDied) continue;
      const answer = await this.#untilDeath(this.#named(result.answer));
      if (!this.#store.hasDied) deepStrictEqual(answer, planned.expected, planned.name);
    }
    return given.length;
  }

  /** What is read of a store that may die meanwhile. Then it is null, or wrong. */
  async #untilDeath<Result>(reading: Promise<Result>): Promise<Result | null> {
    const read = reading.catch((error: unknown) => {
      if (!this.#store.hasDied) throw error;
      return null;
    });
    return Promise.race([read, this.#store.death.then(() => null)]);
  }

  /** Compares everything once more at the end: as it stands in memory, and as it is built from the rows. */
  async end(): Promise<void> {
    for (const follower of this.#followers.values()) {
      while (follower.cursor < (this.#find(follower.requestId)?.rows.length ?? 0)) await this.#follow(follower, 2);
    }
    const keys = this.#keys();
    const { view } = await checkLog(this.#store, { found: keys, idsChangeHands: this.#model.purged.length > 0 });
    deepStrictEqual(view, plainView(this.#model, this.#store.now, keys), 'at the end');
  }

  async #situation(isAlone: boolean): Promise<Situation> {
    const { log, now } = this.#store;
    const ids = new Map<string, string>();
    for (const { id, origin, parts } of this.#model.requests) {
      const own = origin === 'GATEWAY' ? id : (await log.findByCarrierRequestId(parts[0]?.guid ?? ''))?.id;
      ids.set(id, own ?? '');
    }
    const kept = await log.deadLetters({ accounts: null, reason: null }, null, 1_000);
    const forwardIds = new Map<PlainForward, string>();
    for (const lane of await log.forwardLanes()) {
      const own = this.#model.forwards.filter(({ account, service }) => account === lane.account && service === lane.service);
      for (const [at, { id }] of (await log.forwards(lane, 1_000)).entries()) if (own[at]) forwardIds.set(own[at], id);
    }
    return {
      source: this.#source,
      model: this.#model,
      now,
      turnMs: TURN_MS,
      isAlone,
      requests: [...this.#model.requests],
      forwardIds,
      idOf: ({ id }) => ids.get(id) ?? id,
      deadLetterIds: new Map(this.#model.kept.map((message, at): [PlainDeadLetter, string] => [message, kept.rows[at]?.id ?? ''])),
      nextNumber: () => ++this.#numbers,
    };
  }

  /** Reads see only what is committed, and nothing that the log got in this turn. So they are planned first. */
  *#plan(operations: readonly Operation[], situation: Situation): Generator<PlannedCall> {
    const reads = new Map<Operation, PlannedCall[]>();
    for (const operation of operations) if (operation.type === 'read') reads.set(operation, this.#planRead(operation, situation));
    for (const operation of operations) {
      if (operation.type === 'leave') this.#leave(operation, situation);
      else if (operation.type === 'read') yield* reads.get(operation) ?? [];
      else yield* planOperation(situation, operation);
    }
  }

  /** Nothing could be written: each write of the turn fails, and the log stands as before. */
  async #refused(given: readonly Given[], [before]: readonly PlainLog[], after: number): Promise<void> {
    this.#store.breakAfter(after);
    // The clock is read at least so often, however little the others do.
    const readings = Array.from({ length: after + 1 }, () => this.#store.log.reconcile([]));
    await Promise.allSettled([...readings, ...given.map(({ told }) => told)]);
    await this.#store.mend();
    for (const { planned, told } of given) {
      const result = await told;
      if (planned.isRead && 'answer' in result) deepStrictEqual(result.answer, planned.expected, planned.name);
      else if (!planned.isRead)
        deepStrictEqual('failure' in result && codeOf(result.failure), 'STORE_FAILED', `${planned.name} on a full disk`);
    }
    this.#goOnAs(before ?? this.#model);
  }

  #planRead({ follower: at, request: ago, limit }: OperationOf<'read'>, { requests, idOf }: Situation): PlannedCall[] {
    let follower = this.#followers.get(at);
    if (!follower || !this.#find(follower.requestId)) {
      const chosen = pick(requests, ago);
      if (!chosen) return [];
      this.#followers.set(at, (follower = { requestId: chosen.id, cursor: 0 }));
    }
    const { requestId, cursor } = follower;
    const request = this.#find(requestId);
    if (!request) return [];
    // The other reads come from memory.
    if (at !== 0) this.#store.follow(idOf(request));
    const expected = plainBatch(request, cursor, limit);
    follower.cursor = expected?.lastSeq ?? cursor;
    const id = idOf(request);
    return [
      {
        name: `read ${id} after ${cursor}, ${limit} at most`,
        call: async (log) => batchView(await log.read(id, cursor, limit)),
        expected,
        isRead: true,
      },
    ];
  }

  /** A follower leaves with its cursor, and reads on from there when it comes back. */
  #leave({ follower: at }: OperationOf<'leave'>, { idOf }: Situation): void {
    const request = this.#find(this.#followers.get(at)?.requestId ?? '');
    if (request) this.#store.leave(idOf(request));
  }

  async #follow(follower: Follower, limit: number): Promise<void> {
    const situation = await this.#situation(true);
    const request = this.#find(follower.requestId);
    if (!request) return;
    const expected = plainBatch(request, follower.cursor, limit);
    const batch = batchView(await this.#store.log.read(situation.idOf(request), follower.cursor, limit));
    deepStrictEqual(batch, expected, `read ${request.id} after ${follower.cursor}`);
    follower.cursor = expected?.lastSeq ?? request.rows.length;
  }

  /** `lives` are those that may have survived: what was answered is there, and of the others all up to some job. */
  async #die(lives: readonly PlainLog[], recovers: boolean): Promise<void> {
    await this.#store.nextLife();
    const { log, now } = this.#store;
    const keys = this.#keys();
    const found = await viewOfLog(log, now, keys);
    let survived: PlainLog | undefined;
    for (const life of lives.toReversed()) {
      await this.#learnTimes(life);
      if (isDeepStrictEqual(found, plainView(life, now, keys))) survived = life;
      if (survived) break;
    }
    if (!survived) deepStrictEqual(found, plainView(this.#model, now, keys), 'nothing that could have survived the death');
    this.#goOnAs(survived ?? this.#model);
    if (recovers) deepStrictEqual(await log.recover(), this.#model.recover(now), 'recover');
  }

  /** The carrier resends messages that were not acknowledged. A message with an ICCID means the same device, whatever was lost. */
  #goOnAs(model: PlainLog): void {
    const known = new Set(model.sent.map(({ tag }) => tag));
    const again = this.#model.sent.filter(({ tag, keys }) => !known.has(tag) && keys.some((key) => key.startsWith('ICCID')));
    model.sent.push(...again);
    this.#model = model;
  }

  async #learnTimes(model: PlainLog): Promise<void> {
    for (const request of model.requests) {
      if (request.completedElse === null) continue;
      const known = (await this.#store.log.requests([request.id])).get(request.id);
      if (known && known.completedAt === request.completedElse && request.completedAt !== null) request.completedAt = request.completedElse;
      request.completedElse = null;
    }
  }

  /** A few identifiers of devices. Each must find the Requests in which it was ever named. */
  #keys(): string[] {
    const named = new Set(this.#model.requests.flatMap(({ devices }) => devices.flatMap(({ keys }) => keys)));
    return [...named].slice(-4);
  }

  #find(requestId: string): PlainRequest | undefined {
    return this.#model.requests.find(({ id }) => id === requestId);
  }

  /** Requests of other tools, by the carrier's id, because our own id is not known before. */
  async #named(answer: unknown): Promise<unknown> {
    if (typeof answer !== 'object' || answer === null || !('adopted' in answer)) return answer;
    const adopted = answer.adopted as readonly string[];
    const carriers = await this.#store.log.carrierRequests(adopted);
    return { ...answer, adopted: adopted.map((id) => `external ${carriers.get(id)?.[0]?.carrierRequestId}`) };
  }
}

/** Never rejects. A failure is reported after the turn. */
async function answerOf(planned: PlannedCall, log: FlatStore): Promise<{ answer: unknown } | { failure: unknown }> {
  try {
    return { answer: await planned.call(log) };
  } catch (failure) {
    return planned.expected === REJECTS ? { answer: REJECTS } : { failure };
  }
}

function codeOf(failure: unknown): unknown {
  return typeof failure === 'object' && failure !== null && 'code' in failure ? failure.code : failure;
}
