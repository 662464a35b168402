import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../test/support/listen-on-loopback.ts';
import { wallClock } from './load-plan.ts';

/**
 * A carrier that accepts everything at once: it gives an OAuth token, a session, and a requestId for every activation. It knows no
 * device when it is asked about some. It runs in the benchmark's own process and sends no callbacks. The simulator's limits and pace would be in the way.
 */
export class FakeCarrier implements AsyncDisposable {
  readonly url: string;
  readonly #listening: AsyncDisposable;
  #posted: PromiseWithResolvers<number> = Promise.withResolvers();

  private constructor(listening: AsyncDisposable & { readonly origin: string }) {
    this.url = listening.origin;
    this.#listening = listening;
  }

  static async start(): Promise<FakeCarrier> {
    const listening = await listenOnLoopback(createServer((request, response) => carrier.#answer(request, response)));
    const carrier = new FakeCarrier(listening);
    return carrier;
  }

  /** When the last byte of the next activation arrives, in milliseconds since 1970. */
  nextActivation(): Promise<number> {
    this.#posted = Promise.withResolvers();
    return this.#posted.promise;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    request.once('end', () => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(this.#said(request.url ?? '')));
    });
  }

  #said(path: string): unknown {
    if (path.endsWith('/oauth2/token')) return { access_token: 'bench', token_type: 'Bearer', scope: 'ts.m2m', expires_in: 3600 };
    if (path.endsWith('/session/login')) return { sessionToken: 'bench' };
    if (path.endsWith('/devices/actions/list')) return { hasMoreData: false, devices: [] };
    this.#posted.resolve(wallClock());
    return { requestId: randomUUID() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listening[Symbol.asyncDispose]();
  }
}
