import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import type { Simulator } from '../../../simulator/simulator.ts';

/** A proxy between the gateway and the carrier. It holds requests back until the test releases them. */
export interface GatedProxy extends AsyncDisposable {
  /** The carrier's address, for the gateway. */
  readonly carrier: Pick<Simulator, 'url' | 'credentials' | 'accounts'>;
  /** From now on requests whose path ends like this wait here, before they reach the carrier. */
  hold(pathEnd: string): void;
  /** Resolves when so many requests wait. */
  held(count: number): Promise<void>;
  /** Releases all waiting requests, and those that still come. */
  release(): void;
}

export async function startGatedProxy({ url: target, credentials, accounts }: GatedProxy['carrier']): Promise<GatedProxy> {
  const { origin, pathname } = new URL(target);
  let closed: string | null = null;
  let waiting: (() => void)[] = [];
  const changed = new EventTarget();
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await buffer(incoming);
    if (closed !== null && incoming.url?.endsWith(closed)) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        changed.dispatchEvent(new Event('held'));
      });
    }
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = incoming.headers;
    const { method = 'GET', url = '' } = incoming;
    const answer = await request(`${origin}${url}`, { method, headers, ...(body.length > 0 && { body }) });
    const { 'content-type': contentType = 'application/json', 'retry-after': retryAfter } = answer.headers;
    outgoing.setHeader('content-type', contentType);
    if (retryAfter !== undefined) outgoing.setHeader('retry-after', retryAfter);
    outgoing.writeHead(answer.statusCode).end(await answer.body.bytes());
  };
  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing).catch(() => outgoing.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    carrier: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`, credentials, accounts },
    hold: (pathEnd) => {
      closed = pathEnd;
    },
    held: async (count) => {
      while (waiting.length < count) await once(changed, 'held');
    },
    release: () => {
      closed = null;
      for (const go of waiting.splice(0)) go();
      waiting = [];
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
