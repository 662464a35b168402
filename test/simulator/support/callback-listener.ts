import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

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
  readonly body: string;
}

/** A listener on a free port that keeps what comes. `answer` decides on each; the default is 200 at once. */
export class CallbackListener implements AsyncDisposable {
  readonly received: ReceivedCallback[] = [];
  answer: (response: ServerResponse, callback: ReceivedCallback) => void = (response) => response.end();
  #url = '';
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        const { 'user-agent': userAgent, 'content-type': contentType } = request.headers;
        const callback = { path: request.url ?? '', userAgent, contentType, body };
        this.received.push(callback);
        this.answer(response, callback);
      });
    });
  }

  static async start(): Promise<CallbackListener> {
    const listener = new CallbackListener();
    listener.#server.listen(0, '127.0.0.1');
    await once(listener.#server, 'listening');
    const address = listener.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    listener.#url = `http://127.0.0.1:${address.port}`;
    return listener;
  }

  get url(): string {
    return this.#url;
  }

  get messages(): ReceivedMessage[] {
    return this.received.map(({ body }) => message.parse(JSON.parse(body)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
