import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { EVENT_STREAM } from './accepted-types.ts';
import { resultNotes } from './result-notes.ts';

/**
 * Gives each event its cursor for an id. A client that lost the stream sends the last one as `Last-Event-ID`, as EventSource does
 * by itself. It also tells proxies to hold nothing back, to keep nothing and to change nothing.
 */
export function writeEventStreams(): Plugin {
  return {
    onResultProcess: (payload) => {
      const { result } = payload;
      if (Symbol.asyncIterator in result) payload.setResult(withIds(result[Symbol.asyncIterator]() as AsyncIterator<ExecutionResult>));
    },
    onResponse: ({ response }) => {
      if (response?.headers.get('content-type') !== EVENT_STREAM) return;
      // Without this nginx keeps events back until it has 4 or 8 kB of them.
      response.headers.set('x-accel-buffering', 'no');
      response.headers.set('cache-control', 'no-cache, no-transform');
      // Yoga writes `none`, which is no encoding.
      response.headers.delete('content-encoding');
    },
  };
}

function withIds(events: AsyncIterator<ExecutionResult>): AsyncIterableIterator<ExecutionResult> {
  return {
    async next() {
      const { done = false, value } = (await events.next()) as IteratorResult<ExecutionResult, undefined>;
      if (done || value === undefined) return { done: true, value };
      const cursor = resultNotes.cursorOf(value);
      if (cursor === undefined) return { done: false, value };
      // Yoga writes this text behind `data: `, so that the id stands on the next line.
      const stringify = () => `${JSON.stringify(value)}\nid: ${cursor}`;
      return { done: false, value: { ...value, stringify } };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
