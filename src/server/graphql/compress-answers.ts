import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Plugin } from 'graphql-yoga';
import { EVENT_STREAM, prefersGzip } from './accepted-types.ts';
import { resultNotes } from './result-notes.ts';

/** A smaller answer fits into one or two packets anyway. */
const LEAST_BYTES = 2_048;
/** How many answers are compressed at the same time, in other threads. Further answers go out plain. */
const MOST_AT_ONCE = 2;

const compress = promisify(gzip);

/** Compresses large answers over HTTP, if their client takes gzip and they hold no secret. Event streams stay as they are. */
export function compressAnswers(): Plugin<object, { readonly res?: ServerResponse }> {
  const compressible = new WeakSet<Request>();
  let underWay = 0;
  return {
    onResultProcess: ({ request, result }) => {
      if (resultNotes.mayCompress(result)) compressible.add(request);
    },
    onResponse: async (payload) => {
      const { request, response, fetchAPI } = payload;
      if (!response || !compressible.has(request) || response.headers.get('content-type') === EVENT_STREAM) return;
      if (underWay >= MOST_AT_ONCE || !prefersGzip(request.headers.get('accept-encoding') ?? undefined)) return;
      const { status, headers } = response;
      const text = await response.text();
      if (text.length < LEAST_BYTES) return payload.setResponse(new fetchAPI.Response(text, { status, headers }));
      underWay++;
      const body = await compress(text, { level: constants.Z_BEST_SPEED }).finally(() => underWay--);
      // The door has set `Vary: Origin`, to which this is added.
      payload.serverContext.res?.appendHeader('vary', 'Accept-Encoding');
      headers.set('content-encoding', 'gzip');
      headers.set('content-length', String(body.length));
      payload.setResponse(new fetchAPI.Response(body, { status, headers }));
    },
  };
}
