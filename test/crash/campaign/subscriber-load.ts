import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { positionOf } from '../../support/event-ledger.ts';
import { follow } from '../../support/follow.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Intent } from './books.ts';
import type { GatewayLives } from './gateway-lives.ts';

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
  readonly lives: GatewayLives;
  readonly random: SeededRandom;
  readonly onProblem: (problem: string) => void;
}

const AT_ONCE = 60;
const RECONNECT_MS = 200;
/** The percentage of events after which the subscriber leaves, to come back with its cursor. */
const LEAVES_PERCENT = 4;

/** Follows every Request to its end by the last cursor it got, through every crash and through disconnects of its own. */
export class SubscriberLoad implements AsyncDisposable {
  readonly #parts: SubscriberLoadOptions;
  readonly #stop = new AbortController();
  readonly #clients = new Map<GatewayProcess, Client>();
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
    for (const client of this.#clients.values()) await client.dispose();
  }

  async #worker(): Promise<void> {
    this.#running++;
    for (let next = this.#waiting.shift(); next && !this.#stop.signal.aborted; next = this.#waiting.shift()) await this.#follow(next);
    this.#running--;
  }

  async #follow(followed: Followed): Promise<void> {
    const { lives, random } = this.#parts;
    const batchSize = random.pick([7, 100, 1_000]);
    let after: string | null = null;
    while (!followed.ended && !this.#stop.signal.aborted) {
      const gateway = await lives.up();
      if (after !== null) this.resumed++;
      try {
        let left = false;
        for await (const event of follow(this.#client(gateway), { id: followed.requestId, after, batchSize })) {
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
        if (error instanceof Error && Array.isArray(error.cause)) {
          this.#parts.onProblem(
            `subscriber of ${followed.requestId} after ${after ?? 'nothing'} was refused: ${JSON.stringify(error.cause)}`,
          );
          return;
        }
        // The gateway was probably killed. Wait until it is gone, then go on with the next life.
        await Promise.race([gateway.exited, delay(RECONNECT_MS)]);
      }
    }
  }

  #client(gateway: GatewayProcess): Client {
    let client = this.#clients.get(gateway);
    if (!client) {
      client = createClient({ url: gateway.websocket, webSocketImpl: WebSocket, retryAttempts: 0, lazy: true });
      this.#clients.set(gateway, client);
    }
    return client;
  }
}
