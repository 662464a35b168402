import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request as httpRequest } from 'undici';
import { makeCallbackPath } from '../src/resolvers/callbacks/callback-paths.ts';
import { devices as testDevices } from '../test/support/devices.ts';
import { gatewayEnv } from '../test/support/gateway-env.ts';
import { BenchProcess } from './child-process.ts';
import type { BenchRequest } from './load-plan.ts';
import type { OtherCheckout } from './other-checkout.ts';

export const ACCOUNT = '0868924207-00001';

/** As `npm start` has them. */
const START_FLAGS = ['--max-semi-space-size=32'];

export interface GatewayProcessOptions {
  readonly carrierUrl: string;
  readonly storePath: string;
  /** Folder for V8 processor profiles of the measured times, one for each thread. */
  readonly profile?: string | null;
  /** The gateway of another checkout instead of this one. */
  readonly checkout?: OtherCheckout | null;
  /** Beside the settings of every measurement. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The gateway as it is started in production, with a store on disk. */
export class GatewayProcess implements AsyncDisposable {
  readonly process: BenchProcess;
  readonly #urls = new Map<string, string>();
  readonly #listening = Promise.withResolvers<void>();
  readonly #callbackPath: string;
  #lastDevice = 0;

  private constructor({ carrierUrl, storePath, profile = null, checkout = null, env: more = {} }: GatewayProcessOptions) {
    const credentials = { clientId: 'bench', clientSecret: 'bench', username: 'bench', password: 'bench' };
    const all: Record<string, string> = {
      ...gatewayEnv({ url: carrierUrl, credentials, accounts: [ACCOUNT] }, storePath),
      M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '100000',
      M2M_MAX_QUEUED_REQUESTS: '1000000',
      M2M_CALLER_MAX_QUEUED_REQUESTS: '1000000',
      M2M_CALLER_MUTATIONS_PER_MINUTE: '1000000',
      M2M_CALLER_OPERATIONS_PER_MINUTE: '10000000',
      M2M_CALLER_SOCKETS: '100000',
      M2M_LOG_LEVEL: 'info',
      ...(profile !== null && { BENCH_PROFILE: join(profile, checkout ? 'against' : 'gateway') }),
      ...more,
    };
    const isKnown = (name: string) => !name.startsWith('M2M_') || !checkout || checkout.variables.has(name);
    const env = Object.fromEntries(Object.entries(all).filter(([name]) => isKnown(name)));
    this.#callbackPath = makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', { account: ACCOUNT, service: 'CarrierService' });
    this.process = new BenchProcess(checkout?.program ?? '../src/main.ts', { flags: START_FLAGS, env, onLine: (line) => this.#read(line) });
  }

  /** Resolves when every listener is open. */
  static async start(options: GatewayProcessOptions): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(options);
    await Promise.race([gateway.#listening.promise, gateway.process.ended]);
    return gateway;
  }

  get callbackUrl(): string {
    return this.#url('callbacks') + this.#callbackPath;
  }

  get websocketUrl(): string {
    return this.#url('websocket');
  }

  get graphqlUrl(): string {
    return this.#url('graphql');
  }

  async isReady(): Promise<boolean> {
    const { statusCode, body } = await httpRequest(`${this.#url('admin')}/health/ready`);
    await body.dump();
    return statusCode === 200;
  }

  /** How many devices have become overdue, or have expired, since the start. */
  lapsed(): Promise<number> {
    return this.#count(/^m2m_devices_lapsed_total\{[^}]*\} (\d+)$/gm);
  }

  /** How many connections it has closed since the start because their clients read nothing. */
  stalled(): Promise<number> {
    return this.#count(/^m2m_connections_ended_total\{[^}]*reason="stalled"[^}]*\} (\d+)$/gm);
  }

  /** Makes requests of ours, so that callbacks for them match devices; a few at a time. */
  async submit(count: number, devices: number): Promise<BenchRequest[]> {
    const made: BenchRequest[] = [];
    while (made.length < count) {
      // A caller may run few large operations at a time.
      const some = Math.min(count - made.length, devices > 1_000 ? 3 : 10);
      made.push(...(await Promise.all(Array.from({ length: some }, () => this.#submitOne(devices)))));
    }
    return made;
  }

  /** The body of one mutation, with devices that no other one has. */
  mutation(devices: number): { readonly firstDevice: number; readonly body: Buffer } {
    const firstDevice = this.#lastDevice + 1;
    this.#lastDevice += devices;
    const input = {
      accountName: ACCOUNT,
      target: { devices: testDevices(devices, firstDevice) },
      servicePlan: 'm2m4G2GB',
      mdnZipCode: '98801',
    };
    return { firstDevice, body: Buffer.from(JSON.stringify({ query: ACTIVATE, variables: { input } })) };
  }

  async send(body: Buffer): Promise<{ readonly id: string; readonly carrierRequestId: string }> {
    const answer = (await this.#query(body)) as ActivateAnswer;
    const { data } = answer;
    const request = data?.activateDevices?.request;
    if (!request) throw new Error(`the mutation was not taken on: ${JSON.stringify(answer)}`);
    for (let known = request; ;) {
      const carrierRequestId = known.carrierRequests[0]?.carrierRequestId;
      if (carrierRequestId) return { id: request.id, carrierRequestId };
      // The answer to a mutation does not wait for the carrier for ever.
      await delay(10);
      const query = 'query ($id: ID!) { request(id: $id) { id carrierRequests { carrierRequestId } } }';
      const shown = await this.#query(Buffer.from(JSON.stringify({ query, variables: { id: request.id } })));
      known = (shown as { data: { request: typeof request } }).data.request;
    }
  }

  /** Resolves when the admin listener says that it is ready. */
  async ready(): Promise<void> {
    while (!(await this.isReady())) await delay(1);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process[Symbol.asyncDispose]();
  }

  async #query(body: Buffer): Promise<unknown> {
    const answer = await httpRequest(this.graphqlUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return answer.body.json();
  }

  async #submitOne(devices: number): Promise<BenchRequest> {
    const { firstDevice, body } = this.mutation(devices);
    const { id, carrierRequestId } = await this.send(body);
    return { requestId: id, carrierRequestId, firstDevice, devices };
  }

  async #count(metric: RegExp): Promise<number> {
    const answer = await (await httpRequest(`${this.#url('admin')}/metrics`)).body.text();
    return answer.matchAll(metric).reduce((sum, [, count]) => sum + Number(count), 0);
  }

  #url(listener: string): string {
    const url = this.#urls.get(listener);
    if (url === undefined) throw new Error(`the gateway has not said where its ${listener} listener is`);
    return url;
  }

  #read(line: string): void {
    const { event, listener, url, level } = JSON.parse(line) as { event?: string; listener?: string; url?: string; level?: number };
    if (level !== undefined && level > 30) process.stderr.write(`${line}\n`);
    if (event !== 'listening' || listener === undefined || url === undefined) return;
    this.#urls.set(listener, url);
    if (this.#urls.size === 4) this.#listening.resolve();
  }
}

const ACTIVATE = `mutation Activate($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename
  ... on ActivateDevicesAccepted { request { id status carrierRequests { carrierRequestId } } } ... on MutationError { message code } } }`;

interface ActivateAnswer {
  readonly data?: {
    readonly activateDevices?: {
      readonly request?: { readonly id: string; readonly carrierRequests: readonly { readonly carrierRequestId: string | null }[] };
    };
  };
}
