import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { listenOnLoopback } from './listen-on-loopback.ts';

export interface ForwardedPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A status; `HANG`: no answer until the listener ends; `RESET`: the connection is cut; `ENDLESS`: 200 and a body without end. */
export type ListenerAnswer = number | 'HANG' | 'RESET' | 'ENDLESS';

export interface PreviousListenerServer extends AsyncDisposable {
  readonly url: string;
  /** Every POST, in the order they came, whatever was answered. */
  readonly posts: readonly ForwardedPost[];
  /** The `comment` of each message that was taken, in order. Tests tell messages apart by it. */
  readonly taken: readonly string[];
}

/** The listener of another tool. It answers 200, or what `answer` says to the POST of that number (from 0). */
export async function startPreviousListener(
  answer: (at: number, post: ForwardedPost) => ListenerAnswer | Promise<ListenerAnswer> = () => 200,
): Promise<PreviousListenerServer> {
  const posts: ForwardedPost[] = [];
  const taken: string[] = [];
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const post = { path: incoming.url ?? '', headers: incoming.headers, body: await buffer(incoming) };
      const how = await answer(posts.push(post) - 1, post);
      if (how === 200 || how === 'ENDLESS') taken.push(commentOf(post.body));
      reply(outgoing, how);
    })().catch(() => outgoing.destroy());
  });
  const listening = await listenOnLoopback(server);
  return {
    url: `${listening.origin}/previous`,
    posts,
    taken,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

function reply(outgoing: ServerResponse, how: ListenerAnswer): void {
  if (how === 'RESET') outgoing.socket?.resetAndDestroy();
  else if (how === 'ENDLESS') Readable.from(endless()).pipe(outgoing);
  else if (how !== 'HANG') outgoing.writeHead(how, how >= 300 && how < 400 ? { location: '/elsewhere' } : {}).end('thrown away');
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(16_384, 'x');
}

function commentOf(body: Buffer): string {
  try {
    return (JSON.parse(body.toString()) as { comment?: string }).comment ?? '';
  } catch {
    return body.toString();
  }
}
