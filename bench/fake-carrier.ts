import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { wallClock } from './load-plan.ts';

/**
 * A carrier that says yes at once: OAuth token, login, and a requestId for every activation. It runs in the benchmark's own
 * process, takes any number of requests and sends no callbacks; the simulator's limits and pace would be in the way.
 */
export class FakeCarrier implements AsyncDisposable {
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #posted: PromiseWithResolvers<number> = Promise.withResolvers();
  url = '';

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
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
    this.#posted.resolve(wallClock());
    return { requestId: randomUUID() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
