import { Agent, request as httpRequest } from 'node:http';

export interface CallbackSenders extends AsyncDisposable {
  /** Numbers of the callbacks that were answered 200. */
  readonly acknowledged: ReadonlySet<number>;
  /** Numbers of the callbacks that were answered otherwise, by status; `no answer` where the connection ended. */
  readonly others: ReadonlyMap<number, number | 'no answer'>;
  /** Numbers of the callbacks whose connection was refused. */
  readonly refused: ReadonlySet<number>;
  /** Resolves when nothing is left to send, or every sender has met a connection that ended. */
  readonly finished: Promise<void>;
  /** Resolves as soon as so many more are acknowledged, or nothing is sent any more. */
  more(count: number): Promise<void>;
  /** Sends nothing more, and waits for the answers that are due. */
  stop(): Promise<void>;
}

export interface SenderOptions {
  /** Callbacks under way at once, each over a kept-alive connection. */
  readonly senders: number;
  /** Each callback has a connection of its own, as at the carrier. A sender goes on after a connection that ended. */
  readonly isCarrierLike?: boolean;
  /** Callbacks numbered from 0; without end when left out. */
  readonly total?: number;
  /** The callback of a number. Without it the callback is of no request and has the comment `marker N.`. */
  readonly body?: (number: number) => unknown;
}

/** Sends callbacks one after the other on each connection, and keeps the books. A sender whose connection ends sends no more. */
export function startCallbackSenders(
  url: string,
  { senders, total = Infinity, body = unclaimed, isCarrierLike = false }: SenderOptions,
): CallbackSenders {
  // An agent with `maxSockets` reuses its sockets even without `keepAlive`.
  const agent = isCarrierLike ? new Agent() : new Agent({ keepAlive: true, maxSockets: senders });
  const refused = new Set<number>();
  const acknowledged = new Set<number>();
  const others = new Map<number, number | 'no answer'>();
  const waiting = new Set<{ readonly until: number; readonly resolve: () => void }>();
  let next = 0;
  let stopped = false;
  const send = async (): Promise<void> => {
    while (!stopped && next < total) {
      const number = next++;
      const status = await post(agent, url, JSON.stringify(body(number)), () => refused.add(number));
      if (status !== 200) others.set(number, status);
      else acknowledged.add(number);
      for (const waiter of waiting) if (acknowledged.size >= waiter.until) waiter.resolve();
      if (status === 'no answer' && !isCarrierLike) return;
    }
  };
  const finished = Promise.all(Array.from({ length: senders }, send)).then(() => undefined);
  void finished.then(() => waiting.forEach(({ resolve }) => resolve()));
  const stop = async (): Promise<void> => {
    stopped = true;
    await finished;
    agent.destroy();
  };
  return {
    acknowledged,
    others,
    refused,
    finished,
    more: (count) =>
      new Promise((resolve) => {
        waiting.add({ until: acknowledged.size + count, resolve });
      }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function post(agent: Agent, url: string, body: string, onRefused: () => void): Promise<number | 'no answer'> {
  return new Promise((resolve) => {
    const request = httpRequest(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', () => resolve('no answer'));
    });
    request.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') onRefused();
      resolve('no answer');
    });
    request.end(body);
  });
}

/** The full stop ends the number, so that 1 is not found in 10. */
function unclaimed(number: number): unknown {
  return { requestId: 'of-another-tool', status: 'Success', comment: `marker ${number}.` };
}
