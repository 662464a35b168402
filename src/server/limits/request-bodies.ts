import type { IncomingMessage } from 'node:http';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { currentCaller, type Identity } from '../../resolvers/access/caller.ts';
import type { FairScheduler } from '../../lib/fair-scheduler.ts';
import { readBody } from '../../lib/read-body.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { restoreEmptyMaps } from './empty-maps.ts';
import { badRequestError, CLIENT_GONE, refusalError } from './refusal-errors.ts';
import { ConcurrencyLimit } from '../../lib/concurrency-limit.ts';

/** How many bodies of the largest size one caller may have here at once. They are being read, or wait for their turn. */
const LARGEST_AT_ONCE = 4;

/**
 * Reads the body of a request over HTTP, and parses it when it is its caller's turn. To parse 8 MiB of JSON may take half a
 * second.
 */
export function readBodiesInTurn({
  scheduler,
  maxBodyBytes,
}: {
  readonly scheduler: FairScheduler;
  readonly maxBodyBytes: number;
}): Plugin<object, { readonly req: IncomingMessage; readonly identity?: Identity; readonly gone: AbortSignal }> {
  const most = LARGEST_AT_ONCE * maxBodyBytes;
  const held = new ConcurrencyLimit(most);
  return {
    onRequestParse: ({ request, serverContext: { req, identity, gone }, setRequestParser }) => {
      if (!identity) return;
      if (request.method === 'GET') return setRequestParser(() => parseSearch(new URL(request.url).searchParams));
      const { id } = currentCaller(identity);
      // The HTTP door takes no body without a length.
      const bytes = Number(request.headers.get('content-length'));
      setRequestParser(async () => {
        if (!held.acquire(id, bytes))
          throw refusalError(
            'RATE_LIMITED',
            `Nothing was run: your requests that have not begun have ${most} bytes already. Send fewer at a time, or try again after \`retryAfterMs\`.`,
            1_000,
          );
        try {
          const body = await readBody(req, maxBodyBytes);
          if (typeof body === 'string') throw badRequestError('The body is not complete.', 400);
          await scheduler.waitForTurn(id, 'ask');
          if (gone.aborted) throw CLIENT_GONE;
          return parseBody(body.toString('utf8'));
        } finally {
          held.release(id, bytes);
        }
      });
    },
  };
}

function parseBody(text: string): GraphQLParams {
  // Some tools of Windows put a byte order mark before it.
  const body = parseJson(text.replace(/^\uFEFF/, ''));
  if (body === undefined) throw badRequestError('The body is not JSON.', 400);
  if (typeof body !== 'object' || body === null) throw badRequestError('The body is not a JSON object.', 400);
  return restoreEmptyMaps(body) as GraphQLParams;
}

/** The parameters of a GET, as GraphQL over HTTP has them (§5.3): variables and extensions are JSON. */
function parseSearch(search: URLSearchParams): GraphQLParams {
  const map = (name: 'variables' | 'extensions') => {
    const text = search.get(name);
    if (text === null || text === '') return undefined;
    const value = parseJson(text);
    if (typeof value !== 'object') throw badRequestError(`\`${name}\` of the address is not a JSON object.`, 400);
    return value;
  };
  const params = {
    query: search.get('query') ?? undefined,
    operationName: search.get('operationName') ?? undefined,
    documentId: search.get('documentId') ?? undefined,
    variables: map('variables'),
    extensions: map('extensions'),
  };
  return restoreEmptyMaps(params) as GraphQLParams;
}
