import { Agent, request as httpRequest } from 'node:http';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';

/** The carrier waits about so long for an answer. */
const PATIENCE_MS = 4_000;
const MARK = /lane (\d+) number (\d+)\./;

export interface CallbackLanes extends AsyncDisposable {
  /** How many callbacks were acknowledged so far. */
  readonly acknowledged: number;
  /** What was answered otherwise, or not in time. */
  readonly others: readonly (number | string)[];
  readonly slowestMs: number;
  /** Resolves when so many more are acknowledged. */
  more(count: number): Promise<void>;
  /** Sends nothing more, and waits for the answers that are due. */
  stop(): Promise<void>;
  /** Compares what was acknowledged with what is stored. */
  compare(databaseUrl: string): Promise<LanesLedger>;
}

export interface LanesLedger {
  readonly acked: number;
  readonly lost: number;
  readonly phantom: number;
  readonly double: number;
  readonly disorder: number;
}

/**
 * Sends callbacks of an unknown request, in lanes: within a lane the next one is sent when the one before was answered. One that is not
 * answered 200 is sent again, once a moment, as the carrier does: `url` is asked each time, because a gateway may have started anew.
 */
export function startCallbackLanes(url: () => string, { lanes = 4, pauseMs = 2 } = {}): CallbackLanes {
  const agent = new Agent();
  const acked = Array.from({ length: lanes }, () => new Set<number>());
  const others: (number | string)[] = [];
  const waiting = new Set<() => void>();
  let slowestMs = 0;
  let isStopped = false;
  const total = () => acked.reduce((sum, { size }) => sum + size, 0);
  const run = async (lane: number) => {
    for (let number = 0; !isStopped; number++) {
      const body = JSON.stringify({ requestId: `lane-${lane}`, status: 'Pending', comment: `lane ${lane} number ${number}.` });
      const from = performance.now();
      let answer = await post(agent, url(), body);
      slowestMs = Math.max(slowestMs, performance.now() - from);
      while (answer !== 200) {
        others.push(answer);
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (isStopped) return;
        answer = await post(agent, url(), body);
      }
      acked[lane]?.add(number);
      for (const check of waiting) check();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  const running = Promise.all(acked.map((_, lane) => run(lane)));
  const stop = async () => {
    isStopped = true;
    await running;
    agent.destroy();
  };
  return {
    get acknowledged() {
      return total();
    },
    get slowestMs() {
      return slowestMs;
    },
    others,
    more: (count) => {
      const until = total() + count;
      return new Promise((resolve) => {
        const check = () => {
          if (total() < until) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
      });
    },
    stop,
    async compare(databaseUrl) {
      const stored = await readStored(databaseUrl);
      const keys = stored.map(({ lane, number }) => `${lane} ${number}`);
      const distinct = new Set(keys);
      const sent = acked.flatMap((numbers, lane) => [...numbers].map((number) => `${lane} ${number}`));
      const last = new Map<number, number>();
      let disorder = 0;
      for (const { lane, number } of stored) {
        if (number < (last.get(lane) ?? -1)) disorder++;
        last.set(lane, Math.max(number, last.get(lane) ?? -1));
      }
      // The last message of a lane may be stored without an answer.
      const isSent = (key: string) =>
        acked.some((numbers, lane) => Number(key.split(' ')[0]) === lane && Number(key.split(' ')[1]) <= numbers.size);
      return {
        acked: total(),
        lost: sent.filter((key) => !distinct.has(key)).length,
        phantom: [...distinct].filter((key) => !isSent(key)).length,
        double: keys.length - distinct.size,
        disorder,
      };
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function readStored(url: string): Promise<{ readonly lane: number; readonly number: number }[]> {
  await using store = await openPostgresStore({ url, hub: new Hub({ tickMs: () => 1 }), now: Date.now, connections: 2 });
  const stored: { lane: number; number: number }[] = [];
  for (let after: string | null = null; ;) {
    const { rows, hasMore } = await store.unclaimed.unclaimed(null, after, 1_000);
    for (const { json } of rows) {
      const [, lane, number] = MARK.exec(json) ?? [];
      stored.push({ lane: Number(lane), number: Number(number) });
    }
    after = rows.at(-1)?.id ?? null;
    if (!hasMore) return stored;
  }
}

function post(agent: Agent, url: string, body: string): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const request = httpRequest(url, { method: 'POST', agent, headers, signal: AbortSignal.timeout(PATIENCE_MS) }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', (error) => resolve(error.name));
    });
    request.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name));
    request.end(body);
  });
}
