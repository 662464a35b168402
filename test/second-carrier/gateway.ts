import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ACCOUNT, OTHER_ACCOUNT, type FakeCarrier } from './carrier/fake-carrier.ts';
import { FOLLOW, mutationOf, REQUEST } from './documents.ts';
import type { Result, View } from './views.ts';

const ROOT = join(import.meta.dirname, '../..');
const PUBLIC_HOST = 'gateway.example.com:9001';
/** How long a test waits for what must come. */
const PATIENCE_MS = 10_000;

/** The real gateway, as a process of its own, driven from outside alone. */
export class Gateway implements AsyncDisposable {
  readonly log: Record<string, unknown>[] = [];
  readonly urls = new Map<string, string>();
  readonly #process: ChildProcess;
  readonly #folder: string;

  /** Starts it, and waits until it listens and has made its registrations: for each account a look and three of them. */
  static async start(carrier: FakeCarrier, env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
    const gateway = await Gateway.spawn(carrier, env);
    try {
      await gateway.logged((line) => line['event'] === 'listening' && line['listener'] === 'websocket');
      carrier.callbacks.resolve(PUBLIC_HOST, gateway.url('callbacks'));
      const accounts = (env['M2M_THINGSPACE_ACCOUNTS'] ?? `${ACCOUNT},${OTHER_ACCOUNT}`).split(',');
      await Promise.race([
        Promise.all(accounts.map((account) => carrier.waitFor(`/callbacks/${account}`, undefined, 4))),
        gateway.logged((line) => line['event'] === 'callback_listeners_not_registered'),
      ]);
      return gateway;
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it and waits for nothing. */
  static async spawn(carrier: FakeCarrier, env: Readonly<Record<string, string>>): Promise<Gateway> {
    const folder = await mkdtemp(join(tmpdir(), 'm2m-second-carrier-'));
    const { clientId, clientSecret, username, password } = carrier.sessions;
    return new Gateway(folder, {
      M2M_THINGSPACE_ACCOUNTS: `${ACCOUNT},${OTHER_ACCOUNT}`,
      M2M_THINGSPACE_API_URL: carrier.url,
      M2M_THINGSPACE_CLIENT_ID: clientId,
      M2M_THINGSPACE_CLIENT_SECRET: clientSecret,
      M2M_THINGSPACE_USERNAME: username,
      M2M_THINGSPACE_PASSWORD: password,
      M2M_CALLBACK_SECRET: 'a-secret-of-the-tests-with-the-second-carrier',
      M2M_CALLBACK_HOST: '127.0.0.1',
      M2M_CALLBACK_PORT: '0',
      M2M_CALLBACK_PUBLIC_URL: `https://${PUBLIC_HOST}`,
      M2M_CALLBACK_USERNAME: 'listener',
      M2M_CALLBACK_PASSWORD: 'password-of-the-listener',
      M2M_CALLBACK_REGISTER: 'on',
      M2M_AUTH: 'off',
      M2M_GRAPHQL_PORT: '0',
      M2M_ADMIN_PORT: '0',
      M2M_STORE_PATH: join(folder, 'gateway.sqlite'),
      M2M_STORE_PLAINTEXT: 'on',
      ...env,
    });
  }

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#process = spawn(process.execPath, [join(ROOT, 'src/main.ts')], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#process.stdout === null) throw new Error('The gateway has no output.');
    createInterface(this.#process.stdout).on('line', (text) => {
      const line: Record<string, unknown> = JSON.parse(text);
      this.log.push(line);
      if (line['event'] === 'listening') this.urls.set(String(line['listener']), String(line['url']));
      this.#process.emit('logged');
    });
  }

  url(listener: string): string {
    const url = this.urls.get(listener);
    if (!url) throw new Error(`The gateway does not listen for ${listener}.`);
    return url;
  }

  /** Waits for a line of the log. */
  async logged(matches: (line: Record<string, unknown>) => boolean): Promise<void> {
    while (!this.log.some(matches)) {
      const ended = new AbortController();
      await Promise.race([
        once(this.#process, 'logged', { signal: ended.signal }),
        once(this.#process, 'exit', { signal: ended.signal }).then(() => Promise.reject(new Error('The gateway has ended.'))),
      ]).finally(() => ended.abort());
    }
  }

  async query<T>(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const response = await fetch(this.url('graphql'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors }: { data?: T; errors?: unknown } = JSON.parse(await response.text());
    if (errors !== undefined || data === undefined) throw new Error(`HTTP ${response.status} ${JSON.stringify(errors)}`);
    return data;
  }

  /** Asks again until the answer is right; for what no subscription tells. */
  async eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await ask();
      if (isRight(answer) || Date.now() > end) return answer;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Runs a mutation. */
  async mutate(field: string, input: Readonly<Record<string, unknown>>): Promise<Result> {
    const { result } = await this.query<{ result: Result }>(mutationOf(field), { input });
    return result;
  }

  /** Runs a mutation that must be accepted. */
  async request(field: string, input: Readonly<Record<string, unknown>>): Promise<View> {
    const result = await this.mutate(field, { accountName: ACCOUNT, ...input });
    if (!result.request || !result.__typename.endsWith('Accepted')) throw new Error(JSON.stringify(result));
    return result.request;
  }

  /** The request as it is now. */
  async view(id: string): Promise<View> {
    const { request } = await this.query<{ request: View | null }>(REQUEST, { id });
    if (!request) throw new Error(`There is no request ${id}.`);
    return request;
  }

  /** Follows a request over graphql-ws until what it shows is right. The default: until the subscription ends by itself. */
  async until(id: string, isRight: (view: View) => boolean = () => false): Promise<View> {
    const client = createClient({ url: this.url('websocket'), webSocketImpl: WebSocket, retryAttempts: 0 });
    const { promise, resolve, reject } = Promise.withResolvers<View>();
    let last: View | null = null;
    const timer = setTimeout(() => reject(new Error(`Still: ${JSON.stringify(last)}`)), PATIENCE_MS);
    client.subscribe<{ requestStatus: { request: View } }>(
      { query: FOLLOW, variables: { requestId: id } },
      {
        next: ({ data, errors }) => {
          if (!data) return reject(new Error(JSON.stringify(errors)));
          last = data.requestStatus.request;
          if (isRight(last)) resolve(last);
        },
        error: (error) => reject(error instanceof Error ? error : new Error(JSON.stringify(error))),
        complete: () => (last ? resolve(last) : reject(new Error('It ended without an event.'))),
      },
    );
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      await client.dispose();
    }
  }

  /** Follows a request as an event stream, to its end. */
  async streamed(id: string): Promise<View> {
    const response = await fetch(this.url('graphql'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: FOLLOW, variables: { requestId: id } }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const events = (await response.text()).split(/\n\n/).filter((event) => /^event: next$/m.test(event));
    const last = events.at(-1)?.match(/^data: (.*)$/m)?.[1];
    const event: { data: { requestStatus: { request: View } } } = JSON.parse(last ?? 'null');
    return event.data.requestStatus.request;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
