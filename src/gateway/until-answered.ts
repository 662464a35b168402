import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError, isStoreAway } from '../errors.ts';
import { GrowingPause } from '../lib/growing-pause.ts';
import type { SharedParts } from './shared-parts.ts';

const RETRY = { firstMs: 100, maxMs: 1_000 } as const;

interface Options extends Pick<SharedParts, 'logger' | 'undo'> {
  /** What goes on meanwhile, or does not: a sentence for the log. */
  readonly meanwhile: string;
}

/**
 * Does work that needs the shared store, again and again until the store answers. What does not mend itself ends the waiting: it rejects
 * with that error. So does the end of `undo`, which undoes the work too.
 *
 * @param work puts on the stack whatever undoes it.
 */
export async function untilAnswered<Result>(
  work: (undo: AsyncDisposableStack) => Promise<Result>,
  { logger, undo, meanwhile }: Options,
): Promise<Result> {
  const pause = new GrowingPause(RETRY);
  const from = performance.now();
  let isTold = false;
  while (!undo.disposed) {
    try {
      await using attempt = new AsyncDisposableStack();
      const result = await work(attempt);
      if (undo.disposed) break;
      undo.use(attempt.move());
      if (isTold) logger.info('store_answered', { durationMs: Math.round(performance.now() - from) });
      return result;
    } catch (error) {
      if (!isStoreAway(error)) throw error;
      if (!isTold) logger.warn('store_awaited', { reason: `${error.message} The start waits until the database answers. ${meanwhile}` });
      isTold = true;
    }
    await delay(pause.next(), undefined, { ref: false });
  }
  throw stoppedError();
}

/** Settles as `work` does, unless `stop` is aborted before: then it rejects with SHUTTING_DOWN. */
export async function orStopped<Result>(work: Promise<Result>, stop: AbortSignal | undefined): Promise<Result> {
  const stopped = Promise.withResolvers<never>();
  const reject = () => stopped.reject(stoppedError());
  if (stop?.aborted) reject();
  stop?.addEventListener('abort', reject, { once: true });
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    stop?.removeEventListener('abort', reject);
  }
}

function stoppedError(): GatewayError {
  return new GatewayError('SHUTTING_DOWN', 'The gateway was stopped before it had started.');
}
