import { setTimeout as delay } from 'node:timers/promises';
import { RawWebSocket, type ProtocolMessage } from '../test/support/raw-websocket.ts';
import { DEVICE_FIELDS, type BenchRequest } from './load-plan.ts';

const QUERY = `subscription Resume($requestId: ID!, $after: Cursor) { requestStatus(requestId: $requestId, after: $after, batchSize: 1000) { cursor status outcomes { index ${DEVICE_FIELDS} } } }`;

export interface StallResult {
  /** From the first question to the moment it read again. */
  readonly stalledMs: number;
  /** The code its socket was closed with. */
  readonly closedWith: number;
  /** Devices it had been given by then, over all its subscriptions. */
  readonly before: number;
  /** Devices it was never given, not even after it came back with its cursors. */
  readonly missing: number;
  /** Devices it was given again unchanged. */
  readonly repeated: number;
}

/** The gateway gives a stalled client 15 s. */
const ASKED_FROM_MS = 15_000;
const ASKED_EVERY_MS = 500;
const PATIENCE_MS = 90_000;

interface Subscription {
  readonly request: BenchRequest;
  readonly statuses: Map<number, string>;
  cursor: string | null;
}

/**
 * A client that subscribes to the same finished request so often that the connection cannot hold it all, and to one that is
 * still going on, and then reads nothing for a while.
 */
export class StallingClient {
  readonly #url: string;
  readonly #raw: RawWebSocket;
  readonly #subscriptions: readonly Subscription[];
  #repeated = 0;

  private constructor(url: string, raw: RawWebSocket, requests: readonly BenchRequest[]) {
    this.#url = url;
    this.#raw = raw;
    this.#subscriptions = requests.map((request) => ({ request, statuses: new Map<number, string>(), cursor: null }));
  }

  static async open(url: string, requests: readonly BenchRequest[]): Promise<StallingClient> {
    const raw = await RawWebSocket.ready(url);
    const client = new StallingClient(url, raw, requests);
    raw.socket.pause();
    client.#subscribe(raw);
    return client;
  }

  /** Reads again once the server has closed it, comes back with its cursors, and reads to the end. */
  async wakeWhen(hasClosed: () => Promise<boolean>): Promise<StallResult> {
    const began = performance.now();
    // It asks late, because asking costs the server something.
    for (await delay(ASKED_FROM_MS); !(await hasClosed()); await delay(ASKED_EVERY_MS)) {
      if (performance.now() - began > PATIENCE_MS) throw new Error('the server has not closed a client that reads nothing');
    }
    const stalledMs = performance.now() - began;
    this.#raw.socket.resume();
    const closedWith = await this.#raw.closed;
    for (const message of this.#raw.rest()) this.#take(message);
    const before = this.#given();
    const again = await RawWebSocket.ready(this.#url);
    this.#subscribe(again);
    for (const place of this.#subscriptions.keys()) for (const message of await again.ending(String(place))) this.#take(message);
    await again[Symbol.asyncDispose]();
    const wanted = this.#subscriptions.reduce((sum, { request }) => sum + request.devices, 0);
    return { stalledMs, closedWith, before, missing: wanted - this.#given(), repeated: this.#repeated };
  }

  #subscribe(raw: RawWebSocket): void {
    for (const [place, { request, cursor }] of this.#subscriptions.entries())
      raw.subscribe(String(place), QUERY, { requestId: request.requestId, after: cursor });
  }

  #take({ id, type, payload }: ProtocolMessage): void {
    const subscription = this.#subscriptions[Number(id)];
    if (type === 'error') throw new Error(`the stalled client could not resume: ${JSON.stringify(payload)}`);
    if (type !== 'next' || !subscription) return;
    const { requestStatus } = (payload as unknown as { data: { requestStatus: Event } }).data;
    subscription.cursor = requestStatus.cursor;
    for (const { index, status } of requestStatus.outcomes) {
      if (subscription.statuses.get(index) === status) this.#repeated++;
      subscription.statuses.set(index, status);
    }
  }

  #given(): number {
    return this.#subscriptions.reduce((sum, { statuses }) => sum + statuses.size, 0);
  }
}

interface Event {
  readonly cursor: string;
  readonly outcomes: readonly { readonly index: number; readonly status: string }[];
}
