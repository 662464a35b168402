import { Agent } from 'undici';
import type { WrappedCallback } from '../unkind/wrap-callback.ts';

/** How one attempt ended: an answer, or the reason why there was none. */
export type AttemptResult = { readonly status: number } | { readonly error: string };

/** The `user-agent` header of callbacks, as seen in the field. */
const userAgent = "Verizon's callback service";

/**
 * Posts callback bodies over kept-alive connections. Written against undici's dispatch rather than its request(): a
 * callback needs the status only, and a load test wants tens of thousands of them a second. Redirects are not followed.
 */
export class CallbackClient implements AsyncDisposable {
  readonly #agent: Agent;
  readonly #targets = new Map<string, { origin: string; path: string }>();

  /** `timeoutMs`: how long an answer may take (coarse, about a second). */
  constructor(options: { connections: number; timeoutMs: number }) {
    this.#agent = new Agent({
      connections: options.connections,
      pipelining: 1,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      connect: { timeout: options.timeoutMs },
    });
  }

  /** Sends once; `done` is called exactly once. */
  post({ url, body, headers }: WrappedCallback, done: (result: AttemptResult) => void): void {
    const { origin, path } = this.#target(url);
    let status = 0;
    this.#agent.dispatch(
      {
        origin,
        path,
        method: 'POST',
        headers: { ...headers, 'user-agent': userAgent },
        body,
      },
      {
        onRequestStart: () => {},
        onResponseStart: (_controller, statusCode) => {
          status = statusCode;
        },
        onResponseData: () => {},
        onResponseEnd: () => done({ status }),
        onResponseError: (_controller, error) => done({ error: describe(error) }),
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  #target(text: string): { origin: string; path: string } {
    const known = this.#targets.get(text);
    if (known !== undefined) return known;
    const url = new URL(text);
    const target = { origin: url.origin, path: url.pathname + url.search };
    this.#targets.set(text, target);
    return target;
  }
}

function describe(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
