import { setTimeout as delay } from 'node:timers/promises';
import { positionOf } from '../../support/event-ledger.ts';
import { follow } from '../../support/follow.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Intent } from './books.ts';
import type { Door, Doors } from './doors.ts';
import { SubscriberLine } from './subscriber-line.ts';

/** What one subscriber got, event by event, over all its connections. */
export interface Followed {
  readonly requestId: string;
  readonly intent: Intent;
  readonly events: {
    readonly position: number;
    readonly status: string;
    readonly outcomes: readonly (readonly [index: number, status: string])[];
  }[];
  /** The subscriber got a terminal status, and the subscription completed. */
  ended: boolean;
}

export interface SubscriberLoadOptions {
  readonly lives: Pick<Doors, 'up'>;
  readonly random: SeededRandom;
  readonly onProblem: (problem: string) => void;
  /** Over how many WebSockets they follow. By default one. */
  readonly sockets?: number;
  /** See `SubscriberLine`. By default only the end of a socket tells of its loss. */
  readonly keepAliveMs?: number;
  /** Whether a refusal, told as GraphQL errors, says to try again. By default none does. */
  readonly mayAskAgain?: (errors: unknown) => boolean;
  /** Called when a subscriber that lost its gateway hears one again: how long it had heard none, in milliseconds. */
  readonly onResumed?: (lostAt: number, silentMs: number) => void;
}

const AT_ONCE = 60;
const RECONNECT_MS = 200;
/** The percentage of events after which the subscriber leaves, to come back with its cursor. */
const LEAVES_PERCENT = 4;

/** Follows every Request to its end by the last cursor it got, through every crash and through disconnects of its own. */
export class SubscriberLoad implements AsyncDisposable {
  readonly #parts: SubscriberLoadOptions;
  readonly #stop = new AbortController();
  readonly #lines = new Map<Door, SubscriberLine[]>();
  readonly #waiting: Followed[] = [];
  #running = 0;
  readonly followed: Followed[] = [];
  resumed = 0;

  constructor(parts: SubscriberLoadOptions) {
    this.#parts = parts;
  }

  add(requestId: string, intent: Intent): void {
    const followed: Followed = { requestId, intent, events: [], ended: false };
    this.followed.push(followed);
    this.#waiting.push(followed);
    if (this.#running < AT_ONCE) void this.#worker();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const line of [...this.#lines.values()].flat()) await line.dispose();
  }

  async #worker(): Promise<void> {
    this.#running++;
    for (let next = this.#waiting.shift(); next && !this.#stop.signal.aborted; next = this.#waiting.shift()) await this.#follow(next);
    this.#running--;
  }

  async #follow(followed: Followed): Promise<void> {
    const { lives, random, mayAskAgain = () => false, onResumed } = this.#parts;
    const batchSize = random.pick([7, 100, 1_000]);
    let after: string | null = null;
    let lostAt: number | null = null;
    while (!followed.ended && !this.#stop.signal.aborted) {
      const gateway = await lives.up();
      const line = this.#line(gateway);
      if (after !== null) this.resumed++;
      const attempt = { isOver: false };
      if (lostAt !== null) {
        const since = lostAt;
        void line.nextWord().then((at) => {
          if (attempt.isOver) return;
          lostAt = null;
          onResumed?.(since, at - since);
        });
      }
      try {
        let left = false;
        for await (const event of follow(line.client, { id: followed.requestId, after, batchSize })) {
          after = event.cursor;
          const outcomes = event.outcomes.map(({ index, status }) => [index, status] as const);
          followed.events.push({ position: positionOf(event.cursor), status: event.status, outcomes });
          left = random.between(1, 100) <= LEAVES_PERCENT;
          if (left) break;
        }
        // The subscriber has left, or the subscription has completed with the end of the Request.
        followed.ended = !left;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const refusal = error instanceof Error && Array.isArray(error.cause) ? error.cause : null;
        if (refusal && !mayAskAgain(refusal)) {
          this.#parts.onProblem(
            `subscriber of ${followed.requestId} after ${after ?? 'nothing'} was refused: ${JSON.stringify(refusal)}`,
          );
          return;
        }
        if (!refusal) lostAt ??= line.lastHeard;
        // The gateway was probably killed. Wait until it is gone, then go on with the next life.
        await Promise.race([gateway.exited, delay(RECONNECT_MS)]);
      } finally {
        attempt.isOver = true;
      }
    }
  }

  #line(gateway: Door): SubscriberLine {
    const { random, sockets = 1, keepAliveMs = null } = this.#parts;
    let lines = this.#lines.get(gateway);
    if (!lines) {
      lines = Array.from({ length: sockets }, () => new SubscriberLine(gateway.websocket, keepAliveMs));
      this.#lines.set(gateway, lines);
    }
    const [first] = lines;
    return first && lines.length === 1 ? first : random.pick(lines as [SubscriberLine, ...SubscriberLine[]]);
  }
}
