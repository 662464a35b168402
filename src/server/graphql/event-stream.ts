import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { EVENT_STREAM } from './accepted-types.ts';
import { formatResult } from './format-error.ts';
import { resultNotes } from './result-notes.ts';

type Results = AsyncIterable<ExecutionResult>;

/** What opens a stream, and what is sent while nothing happens. Clients pass over it. */
export const COMMENT = ':\n\n';
export const COMPLETE = 'event: complete\ndata:\n\n';

/** The results of the answers that are streams of events. */
const streams = new WeakMap<Response, Results>();

/** The messages of an answer that is a stream of events, undefined for any other answer. */
export function messagesOf(answer: Response): AsyncIterable<string> | undefined {
  const results = streams.get(answer);
  return results && toMessages(results);
}

/**
 * Keeps the results of each stream for the door. Yoga's own body of a stream tells nobody when its client has left before it was
 * read. It also tells proxies to hold nothing back, to keep nothing and to change nothing.
 */
export function writeEventStreams(): Plugin {
  const asked = new WeakMap<Request, Results>();
  return {
    onResultProcess: ({ request, result }) => {
      asked.set(request, Symbol.asyncIterator in result ? (result as Results) : only(result as ExecutionResult));
    },
    onResponse: ({ request, response }) => {
      if (response?.headers.get('content-type') !== EVENT_STREAM) return;
      // Without this nginx keeps events back until it has 4 or 8 kB of them.
      response.headers.set('x-accel-buffering', 'no');
      response.headers.set('cache-control', 'no-cache, no-transform');
      // Yoga writes `none`, which is no encoding.
      response.headers.delete('content-encoding');
      const results = asked.get(request);
      if (results) streams.set(response, results);
    },
  };
}

async function* only(result: ExecutionResult): AsyncGenerator<ExecutionResult, void, void> {
  yield await Promise.resolve(result);
}

/**
 * Gives each event its cursor for an id. A client that lost the stream sends the last one as `Last-Event-ID`, as EventSource does
 * by itself.
 */
async function* toMessages(results: Results): AsyncGenerator<string, void, void> {
  for await (const result of results) {
    const cursor = resultNotes.cursorOf(result);
    yield `event: next\ndata: ${JSON.stringify(formatResult(result))}\n${cursor === undefined ? '' : `id: ${cursor}\n`}\n`;
  }
}
