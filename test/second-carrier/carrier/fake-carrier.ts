import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Callbacks, type Delivery } from './callbacks.ts';
import { textOf, type Json } from './json.ts';
import type { Line } from './line.ts';
import { messageAbout, sampleOf } from './messages.ts';
import { PageFault, PAGES, readAsked, type Asked } from './page-rules.ts';
import { Records } from './records.ts';
import { Sessions } from './sessions.ts';
import { bytesOf, type Answer } from './spellings.ts';

/** A request as it came. */
export interface Seen {
  readonly method: string;
  /** Below `/api`, a double slash made single. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  isAnswered: boolean;
}

/** A request that was taken on, and whose callbacks are now due. */
export interface Accepted extends Asked {
  readonly requestId: string;
  readonly service: string;
  readonly path: string;
  readonly body: Json;
  /** The word that "Get Request Status" answers. */
  status: string;
}

/** What to answer instead: `cut` and `silent` answer nothing. A function is given what would be answered, and the request. */
export type Scripted = Reply | ((regular: Answer, seen: Seen) => Reply | Promise<Reply>);
type Reply = Answer | 'cut' | 'silent';

interface Script {
  readonly path: string;
  readonly answer: Scripted;
  times: number;
}

export const ACCOUNT = '0868924207-00001';
export const OTHER_ACCOUNT = '0000123456-00001';
const V1 = '/m2m/v1';

/**
 * ThingSpace, made from its documentation alone, without a look at `simulator/`. It reports nothing by itself: a test says which
 * message comes when.
 */
export class FakeCarrier implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly accepted = new Map<string, Accepted>();
  readonly callbacks = new Callbacks();
  readonly records = new Records(['4G West', 'North']);
  readonly sessions = new Sessions();
  readonly #scripts: Script[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #server: Server;

  static async start(): Promise<FakeCarrier> {
    const carrier = new FakeCarrier();
    carrier.#server.listen(0, '127.0.0.1');
    await once(carrier.#server, 'listening');
    return carrier;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }

  get url(): string {
    const address: AddressInfo | string | null = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The carrier does not listen.');
    return `http://127.0.0.1:${address.port}/api`;
  }

  /** The next requests whose path ends so are answered with these, one each. */
  answerNextWith(path: string, ...answers: Scripted[]): void {
    for (const answer of answers) this.#scripts.push({ path, answer, times: 1 });
  }

  /** Every request whose path ends so is answered with this, until the returned function is called. */
  answerAllWith(path: string, answer: Scripted): () => void {
    const script = { path, answer, times: Infinity };
    this.#scripts.push(script);
    return () => void (script.times = 0);
  }

  /** Every request so far whose path ends so, and whose body names this line if there is one. */
  requests = (path: string, line?: Line): Seen[] =>
    this.seen.filter(
      (each) => each.path.endsWith(path) && (!line || [line.iccid, line.imei, line.eid, line.mdn].some((id) => each.text.includes(id))),
    );

  /** Waits until this many have come and are answered. */
  async waitFor(path: string, line?: Line, count = 1): Promise<Seen[]> {
    for (;;) {
      const found = this.requests(path, line).filter(({ isAnswered }) => isAnswered);
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  requestOf(requestId: string | null | undefined): Accepted {
    const request = this.accepted.get(requestId ?? '');
    if (!request) throw new Error(`The carrier has taken on no request ${requestId}.`);
    return request;
  }

  /** The one request that was taken on about this line. */
  requestAbout(line: Line): Accepted {
    const found = [...this.accepted.values()].filter(({ body }) => JSON.stringify(body).includes(line.iccid));
    const [request] = found;
    if (!request || found.length > 1) throw new Error(`The carrier has taken on ${found.length} requests about ${line.iccid}.`);
    return request;
  }

  /** Sends the message of a sample about one line of a request, changed by `edit`. */
  report(requestId: string, line: Line, sample: string, edit: (message: Json) => unknown = (same) => same): Promise<Delivery> {
    const account = this.accepted.get(requestId)?.account ?? ACCOUNT;
    const message = messageAbout(sample, { requestId, line, account });
    edit(message);
    return this.callbacks.send(account, sampleOf(sample).service, message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await request.toArray()).toString();
    const path = (request.url ?? '').replace(/^\/api/, '').replaceAll(/\/{2,}/g, '/');
    const seen = { method: request.method ?? '', path, headers: request.headers, text, isAnswered: false };
    this.seen.push(seen);

    const script = this.#scripts.find((each) => each.times > 0 && path.endsWith(each.path));
    if (script) script.times -= 1;
    const answer =
      typeof script?.answer === 'function' ? await script.answer(this.#regular(seen), seen) : (script?.answer ?? this.#regular(seen));
    seen.isAnswered = true;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    if (answer === 'silent') return;
    if (answer === 'cut') return void response.destroy();
    const bytes = bytesOf(answer);
    response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': bytes.length, ...answer.headers }).end(bytes);
  }

  #regular(seen: Seen): Answer {
    const { path } = seen;
    if (path === '/ts/v1/oauth2/token') return this.sessions.token(seen);
    const refused = this.sessions.refuse(seen);
    if (refused) return refused;
    const page = PAGES.get(path.slice(V1.length));
    try {
      return this.#perform(seen);
    } catch (error) {
      if (!(error instanceof PageFault)) throw error;
      const errorCode = page?.numbersErrors ? '400' : `UnifiedWebService.${error.code}`;
      return { status: 400, body: { errorCode, errorMessage: error.message } };
    }
  }

  #perform(seen: Seen): Answer {
    const { method } = seen;
    const path = seen.path.slice(V1.length);
    if (path === '/session/login') return this.sessions.login(bodyOf(seen));
    const [, account = '', requestId = ''] = /^\/accounts\/([^/]+)\/requests\/([^/]+)\/status$/.exec(path) ?? [];
    if (account !== '') return this.#statusOf(account, requestId);
    const [, owner = '', service = ''] = /^\/callbacks\/([^/]+)(?:\/name\/([^/]+))?$/.exec(path) ?? [];
    if (owner !== '') return this.#callbackServices(seen, owner, service);
    if (path === '/devices/actions/list' && method === 'POST') return this.records.list(bodyOf(seen));
    if (path === '/devices/history/actions/list' && method === 'POST') return { status: 200, body: this.records.history(bodyOf(seen)) };
    if (PAGES.has(path) && method === 'POST') return this.#takeOn(path, bodyOf(seen));
    return { status: 400, body: NO_SUCH_PATH };
  }

  #takeOn(path: string, body: Json): Answer {
    const page = PAGES.get(path);
    if (!page) throw new Error(`No page has ${path}.`);
    const asked = readAsked(page, body);
    if (![ACCOUNT, OTHER_ACCOUNT].includes(asked.account)) throw new PageFault('REQUEST_FAILED.AccountNotFound', 'No such account.');
    if (asked.groupName !== null && !this.records.hasGroup(asked.groupName)) {
      throw new PageFault('REQUEST_FAILED.DeviceGroupNotFound', 'No such group.');
    }
    const requestId = randomUUID();
    this.accepted.set(requestId, { ...asked, requestId, service: page.service, path, body, status: 'Pending' });
    return { status: 200, body: { requestId } };
  }

  /** "Only for two-way provisioning … on a single device." */
  #statusOf(account: string, requestId: string): Answer {
    const request = this.accepted.get(requestId);
    if (request?.account !== account || request.devices?.length !== 1 || request.service !== 'CarrierService') {
      throw new PageFault('REQUEST_FAILED.UnexpectedError', 'Unexpected error occurred. Could not complete request.');
    }
    return { status: 200, body: { requestId, status: request.status } };
  }

  #callbackServices(seen: Seen, account: string, service: string): Answer {
    if (seen.method === 'GET') {
      const registrations = this.callbacks.list(account);
      // "The response body will be empty if there are no callback services registered."
      return registrations.length === 0 ? { status: 200 } : { status: 200, body: registrations };
    }
    if (seen.method === 'DELETE') {
      this.callbacks.deregister(account, service);
      return { status: 200, body: { accountName: account, serviceName: service } };
    }
    const { serviceName } = this.callbacks.register(account, bodyOf(seen), this.sessions.username);
    return { status: 200, body: { accountName: account, serviceName } };
  }
}

export const NO_SUCH_PATH = {
  fault: {
    code: '900906',
    message: 'No matching resource found in the API for the given request',
    description:
      'Access failure for API: /m2m/v1, version: v1. Check the API documentation and add a proper REST resource path to the invocation URL',
  },
};

function bodyOf({ headers, text }: Seen): Json {
  if (!textOf(headers['content-type']).startsWith('application/json'))
    throw new PageFault('DeserializationFailed', 'Not application/json.');
  if (text === '') throw new PageFault('INPUT_INVALID.RequestUndefined', 'Request cannot be blank. Please provide request details.');
  try {
    return JSON.parse(text);
  } catch {
    throw new PageFault('DeserializationFailed', 'No JSON.');
  }
}
