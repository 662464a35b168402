import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import type { Simulator } from '../../../simulator/simulator.ts';
import { startSimulator } from '../../../simulator/start-simulator.ts';
import type { CallbackService } from '../../../src/datasources/thingspace/wire/callback-service.ts';
import { makeCallbackPath } from '../../../src/resolvers/callbacks/callback-paths.ts';
import { gatewayEnv } from '../../support/gateway-env.ts';
import { spawnGateway, type GatewayProcess, type SpawnOptions } from '../../support/gateway-process.ts';
import { issuerEnv } from '../../support/issuer-env.ts';
import { recordSpansIn } from '../../support/recorded-spans.ts';
import { startPreviousListener, type PreviousListenerServer } from '../../support/previous-listener.ts';
import type { GraphqlAnswer } from '../../support/stack.ts';
import { startIssuer, type Issuer } from '../../support/start-issuer.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { ACCOUNT, canary } from '../canaries.ts';
import { Evidence } from './evidence.ts';
import type { GuardedDatabase } from './guarded-database.ts';
import { startMarkedCarrier, type MarkedCarrier } from './marked-carrier.ts';

/** `owner` has every scope and grant; `reader` may read; `bearer` is a reader with a JWT. */
export type Who = 'owner' | 'reader' | 'bearer';

export interface GuardedStack extends AsyncDisposable {
  readonly evidence: Evidence;
  readonly simulator: Simulator;
  readonly carrier: MarkedCarrier;
  readonly listener: PreviousListenerServer;
  readonly issuer: Issuer;
  readonly gateway: GatewayProcess;
  readonly env: Readonly<Record<string, string>>;
  readonly storePath: string;
  readonly authorization: Readonly<Record<Who, string>>;
  /** One operation over HTTP; its answer is noted. */
  ask<Data = Record<string, unknown>>(who: Who, query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer<Data>>;
  /** A POST to the callback door; its answer is noted as a refusal, whatever it is. */
  callback(body: unknown, options?: CallbackOptions): Promise<number | 'no answer'>;
  /** One command or question to the admin listener; its answer is noted. */
  admin(method: 'GET' | 'POST', path: string, body?: object): Promise<{ readonly status: number; readonly text: string }>;
  /** Notes metrics, readiness, statistics, the spans and the bytes of the store, as they are now. */
  look(): Promise<void>;
  /** Ends the process, and notes what it printed and left in the store. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
  restart(env?: Readonly<Record<string, string>>, options?: SpawnOptions): Promise<void>;
}

export interface CallbackOptions {
  readonly service?: CallbackService;
  readonly account?: string;
  readonly secret?: string;
  readonly generation?: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

export interface GuardedOptions extends SpawnOptions {
  /** M2M_STORE_PLAINTEXT=on instead of a key. */
  readonly plain?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the store is; a folder of its own when left out. */
  readonly storeFolder?: string;
  /** The store is there, and its journal in the folder. */
  readonly database?: GuardedDatabase;
}

/** Starts a gateway process at debug level and everybody it talks to. All its secrets are markers. */
export async function startGuardedStack(options: GuardedOptions = {}): Promise<GuardedStack> {
  await using undo = new AsyncDisposableStack();
  const evidence = new Evidence();
  const folder = options.storeFolder ?? undo.use(await tempFolder()).path;
  const simulator = undo.use(
    await startSimulator({
      magicIdentifiers: false,
      devicesPerAccount: 2,
      callbackDelayMs: [0, 20],
      credentials: {
        clientId: canary('clientId'),
        clientSecret: canary('clientSecret'),
        username: canary('uwsUsername'),
        password: canary('uwsPassword'),
      },
    }),
  );
  // The test itself sends the callbacks.
  simulator.faults.callbacks.withholdShare = 1;
  const carrier = undo.use(await startMarkedCarrier(simulator, evidence));
  const listener = undo.use(
    await startPreviousListener((_at, { path, headers, body }) => {
      evidence.witness('listener got', `${path}\n${JSON.stringify(headers)}\n${body.toString('utf8')}`);
      return 200;
    }),
  );
  const issuer = undo.use(await startIssuer());
  const storePath = `${folder}/gateway.sqlite`;
  // Beside the store's folder, which may be a disk of the test.
  const spansFile = `${undo.use(await tempFolder()).path}/spans`;
  const storePlace = options.plain ? 'plain store' : 'sealed store';
  const { M2M_STORE_PLAINTEXT: _plain, ...common } = gatewayEnv(simulator, storePath);
  const env: Record<string, string> = {
    ...common,
    ...issuerEnv(issuer),
    M2M_THINGSPACE_API_URL: carrier.url,
    M2M_AUTH: 'on',
    // One query asks for everything, and small disks have no room to keep back.
    M2M_GRAPHQL_MAX_COST: '1000000',
    M2M_STORE_MIN_FREE_MB: '0',
    M2M_CALLBACK_SECRET: canary('callbackSecret'),
    M2M_CALLBACK_PREVIOUS_SECRET: canary('callbackPreviousSecret'),
    M2M_CALLBACK_USERNAME: canary('callbackUsername'),
    M2M_CALLBACK_PASSWORD: canary('callbackPassword'),
    M2M_CALLBACK_PREVIOUS_USERNAME: canary('previousUsername'),
    M2M_CALLBACK_PREVIOUS_PASSWORD: canary('previousPassword'),
    M2M_CALLBACK_FORWARD: `*=${listener.url.replace('://', `://tool:${canary('forwardUrlPassword')}@`)}?key=${canary('forwardUrlKey')}`,
    M2M_CALLBACK_FORWARD_USERNAME: canary('forwardUsername'),
    M2M_CALLBACK_FORWARD_PASSWORD: canary('forwardPassword'),
    ...(options.plain ? { M2M_STORE_PLAINTEXT: 'on' } : { M2M_STORE_KEYS: canary('storeKey') }),
    ...(options.database && { M2M_STORE_URL: options.database.url, M2M_STORE_JOURNAL: `${folder}/journal.sqlite` }),
    ...recordSpansIn(spansFile),
    ...options.env,
  };
  let gateway = await spawnGateway(env, { logLevel: 'debug', ...options });
  undo.defer(() => gateway[Symbol.asyncDispose]());

  const send = async (method: 'GET' | 'POST', url: string, headers: Record<string, string>, body?: string | Uint8Array) => {
    const answer = await request(url, { method, headers, ...(body !== undefined && { body }) });
    return { status: answer.statusCode, text: `${JSON.stringify(answer.headers)}\n${await answer.body.text()}` };
  };
  const command = (method: 'GET' | 'POST', path: string, body?: object) =>
    send(method, `${gateway.admin}${path}`, { 'content-type': 'application/json' }, body && JSON.stringify(body));
  const makeKey = async (name: string, wanted: object) => {
    const { text } = await command('POST', '/keys/create', { name, expiresAt: Date.now() + 3_600_000, grants: [], ...wanted });
    const key = /"key":"([^"]*)"/.exec(text)?.[1];
    if (key === undefined) throw new Error(text);
    return key;
  };
  const owner = await makeKey(canary('keyName'), {
    scopes: { '*': ['read', 'write', 'terminate', 'admin'] },
    grants: ['deviceCredential', 'activationCode', 'introspection'],
  });
  const reader = await makeKey('reader', { scopes: { '*': ['read'] } });
  const jwt = await issuer.sign({ sub: canary('jwtSubject'), canary: canary('jwtClaim'), m2m: { accounts: { [ACCOUNT]: ['read'] } } });
  evidence.learn('apiKeyOfOwner', owner.split('_').slice(2).join('_'));
  evidence.learn('apiKeyOfReader', reader.split('_').slice(2).join('_'));
  evidence.learn('jwtSignature', jwt.split('.')[2] ?? '');
  const authorization = { owner: `Bearer ${owner}`, reader: `Bearer ${reader}`, bearer: `Bearer ${jwt}` };

  const noteFiles = async () => {
    for (const name of await readdir(folder)) {
      const bytes = await readFile(join(folder, name)).catch(() => null);
      if (bytes) evidence.note(storePlace, name, bytes);
    }
    if (options.database?.server.pid) await options.database.noteTables(evidence, storePlace);
    evidence.note('spans', 'spans', await readFile(spansFile));
  };
  const built = undo.move();
  const stack: GuardedStack = {
    evidence,
    simulator,
    carrier,
    listener,
    issuer,
    env,
    storePath,
    authorization,
    get gateway() {
      return gateway;
    },
    async ask<Data>(who: Who, query: string, variables: Record<string, unknown> = {}) {
      const body = JSON.stringify({ query, variables });
      const headers = { 'content-type': 'application/json', authorization: authorization[who] };
      const { text } = await send('POST', gateway.graphql, headers, body);
      const answer = JSON.parse(text.slice(text.indexOf('\n'))) as GraphqlAnswer<Data>;
      evidence.note(who === 'owner' ? 'owner' : 'reader', query.slice(0, 60), text);
      if (answer.errors) evidence.note('refusals', query.slice(0, 60), JSON.stringify(answer.errors));
      evidence.witness('gateway answered', `${authorization[who]}\n${body}\n${text}`);
      if (who === 'owner') evidence.witness('owner saw', text);
      return answer;
    },
    async callback(body, { service = 'CarrierService', account = ACCOUNT, secret = canary('callbackSecret'), generation, ...rest } = {}) {
      const path = makeCallbackPath(secret, { account, service }, generation);
      const url = `${gateway.callbacks}${path}${rest.query ?? ''}`;
      const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      const headers = { 'content-type': rest.contentType ?? 'application/json', ...rest.headers };
      const answer = await send('POST', url, headers, bytes).catch(() => null);
      if (!answer) return 'no answer';
      evidence.note('refusals', `a callback: ${answer.status}`, answer.text);
      evidence.witness('gateway answered', `${url}\n${secret}\n${JSON.stringify(headers)}\n`);
      evidence.witness('gateway answered', bytes);
      return answer.status;
    },
    async admin(method, path, body) {
      const answer = await command(method, path, body);
      evidence.note('admin', `${method} ${path}`, answer.text);
      if (answer.status >= 400) evidence.note('refusals', `${method} ${path}`, answer.text);
      return answer;
    },
    async look() {
      evidence.note('metrics', 'metrics', (await command('GET', '/metrics')).text);
      for (const path of ['/health/ready', '/health/live', '/store/stats', '/keys', '/callbacks']) await this.admin('GET', path);
      await noteFiles();
    },
    async end(signal) {
      gateway.kill(signal);
      const how = await gateway.exited;
      evidence.note('output', 'the gateway', gateway.output());
      await noteFiles();
      return how;
    },
    async restart(more = {}, spawn = {}) {
      gateway = await spawnGateway({ ...env, ...more }, { logLevel: 'debug', ...options, ...spawn });
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
  return stack;
}
