import { createServer, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';

const message = z.looseObject({
  username: z.string().optional(),
  password: z.string().optional(),
  requestId: z.string(),
  deviceIds: z.array(z.looseObject({ id: z.string(), kind: z.string() })).optional(),
  deviceResponse: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  niddResponse: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  faultResponse: z.looseObject({ faultcode: z.string(), faultstring: z.string() }).optional(),
  status: z.string(),
  callbackCount: z.number(),
  maxCallbackThreshold: z.number(),
});

export type ReceivedMessage = z.infer<typeof message>;

/** A callback as it arrived. */
export interface ReceivedCallback {
  readonly path: string;
  readonly userAgent: string | undefined;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly bytes: Buffer;
  /** The bytes read as UTF-8. */
  readonly body: string;
}

/** A listener on a free port that keeps what comes. `answer` decides on each; the default is 200 at once. */
export class CallbackListener implements AsyncDisposable {
  readonly received: ReceivedCallback[] = [];
  answer: (response: ServerResponse, callback: ReceivedCallback) => void = (response) => response.end();
  readonly url: string;
  readonly #listening: AsyncDisposable;

  private constructor(listening: AsyncDisposable & { readonly origin: string }) {
    this.url = listening.origin;
    this.#listening = listening;
  }

  static async start(): Promise<CallbackListener> {
    const server = createServer((request, response) => {
      void buffer(request).then((bytes) => {
        const { 'user-agent': userAgent, 'content-type': contentType, 'content-encoding': contentEncoding } = request.headers;
        const callback = { path: request.url ?? '', userAgent, contentType, contentEncoding, bytes, body: bytes.toString() };
        listener.received.push(callback);
        listener.answer(response, callback);
      });
    });
    const listener = new CallbackListener(await listenOnLoopback(server));
    return listener;
  }

  get messages(): ReceivedMessage[] {
    return this.received.map(({ body }) => message.parse(JSON.parse(body)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#listening[Symbol.asyncDispose]());
  }
}
