import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import type { ReplicaRule } from './replica-rules.ts';
import type { ReplicaSource } from './replica-source.ts';

/** At most so long after a change, or after the way to the database is back, every gateway goes by it. */
const KNOWN_WITHIN_MS = 5_000;

/** Two gateways on one database, the other one behind a proxy. */
async function startTwo(source: ReplicaSource) {
  await using undo = new AsyncDisposableStack();
  const { url } = undo.use(await (await needPostgres()).openDatabase());
  const proxy = undo.use(await startTcpFaultProxy(url));
  const folder = undo.use(await tempFolder());
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false }));
  const env: Record<string, string> = { ...gatewayEnv(simulator, `${folder.path}/unused.sqlite`), M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent' };
  const open = async (name: string, storeUrl: string) => {
    const own = { M2M_STORE_URL: storeUrl, M2M_STORE_JOURNAL: `${folder.path}/${name}.sqlite` };
    const onFatal = (error: unknown) => {
      throw error;
    };
    return undo.use(await source.startGateway(source.readConfig({ ...env, ...own }), { onFatal })).urls;
  };
  const [one, other] = [await open('one', url), await open('other', proxy.through(url))];
  const address = { account: simulator.accounts[0] ?? '', service: 'CarrierService' } as const;
  const built = undo.move();
  return {
    one,
    other,
    async cutOffOther() {
      await proxy.refuse();
      proxy.cut();
    },
    async reconnectOther() {
      await proxy.heal();
      await until(async () => (await send('GET', `${other.admin}/health/ready`)).status === 200);
    },
    /** A callback to a path of a generation, at the other gateway. */
    tell: async (generation: number) => {
      const path = makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', address, generation);
      return (await send('POST', `${other.callbacks}${path}`, { requestId: 'unknown', status: 'Success' })).status;
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

type Two = Awaited<ReturnType<typeof startTwo>>;

async function checkRevoked(source: ReplicaSource): Promise<string | null> {
  await using two = await startTwo(source);
  const { one, other } = two;
  const ask = async (key: string) =>
    (await send('POST', other.graphql, { query: '{ __typename }' }, { authorization: `Bearer ${key}` })).status;
  const [first, second] = [await createKey(one.admin, 'first'), await createKey(one.admin, 'second')];
  if (!(await isSoon(async () => (await ask(second.key)) === 200))) return 'another gateway does not know a new key';
  await command(one.admin, '/keys/revoke', { id: first.id });
  if (!(await isSoon(async () => (await ask(first.key)) === 401))) return 'another gateway takes a key that was revoked';
  return (await ask(second.key)) === 200 ? null : 'another gateway refuses a key that was not revoked';
}

async function checkRotated(source: ReplicaSource): Promise<string | null> {
  await using two = await startTwo(source);
  if ((await two.tell(0)) !== 200) return 'another gateway refuses the first path';
  await two.cutOffOther();
  await rotate(two);
  // It cannot have read of the rotation. What it takes is in its journal.
  if ((await two.tell(1)) !== 200) return 'a callback on the new path was refused';
  if ((await two.tell(0)) !== 200) return 'a callback on the former path was refused';
  await rotate(two);
  await two.reconnectOther();
  if (!(await isSoon(async () => (await two.tell(2)) === 200))) return 'another gateway does not know the newest path';
  if (!(await isSoon(async () => (await two.tell(0)) === 404))) return 'another gateway takes a path that has lapsed';
  return (await two.tell(1)) === 200 ? null : 'another gateway refuses the former path';
}

function rotate({ one }: Two): Promise<unknown> {
  return command(one.admin, '/callbacks/rotate?force=true');
}

async function createKey(admin: string, name: string): Promise<{ readonly id: string; readonly key: string }> {
  const wanted = { name, expiresAt: Date.now() + 3_600_000, scopes: { '*': ['read'] }, grants: [] };
  return (await command(admin, '/keys/create', wanted)) as { id: string; key: string };
}

async function command(admin: string, path: string, body?: object): Promise<unknown> {
  const { status, text } = await send('POST', `${admin}${path}`, body);
  if (status !== 200) throw new Error(`${path} was answered ${status}: ${text}`);
  return JSON.parse(text);
}

async function send(method: 'GET' | 'POST', url: string, body?: object, headers: Record<string, string> = {}) {
  const json = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
  const answer = await request(url, { method, ...json });
  return { status: answer.statusCode, text: await answer.body.text() };
}

/** Whether it becomes so in the time that is promised. */
async function isSoon(condition: () => Promise<boolean>): Promise<boolean> {
  const end = new AbortController();
  const late = delay(KNOWN_WITHIN_MS, true, { signal: end.signal }).catch(() => false);
  let isLate = false;
  void late.then((is) => (isLate = is));
  let isSo = false;
  await until(async () => isLate || (isSo = await condition()));
  end.abort();
  return isSo;
}

const KEYS = 'resolvers/access/key-ring.ts';
const GENERATION = 'resolvers/callbacks/callback-generation.ts';

/** Rules about what each gateway has in memory of what all share. */
export const CACHE_RULES: readonly ReplicaRule[] = [
  {
    name: 'an API key that is revoked at one gateway is refused at every other one',
    check: checkRevoked,
    bugs: [
      {
        name: 'the keys are read once',
        edits: [{ file: KEYS, find: 'API_KEYS_TOPIC, () => this.#readAgain(),', replace: 'API_KEYS_TOPIC, () => Promise.resolve(),' }],
      },
    ],
  },
  {
    name: 'callback paths that were rotated at one gateway are known at every other one, and no callback is refused meanwhile',
    check: checkRotated,
    bugs: [
      {
        name: 'the generation is read once',
        edits: [
          { file: GENERATION, find: '() => this.#readAgain(), options.onFailure', replace: '() => Promise.resolve(), options.onFailure' },
        ],
      },
      {
        name: 'what was missed while the database was away stays missed',
        edits: [
          {
            file: 'datasources/request-log/postgres/listener.ts',
            find: '        this.#options.hub.wakeAll();\n        pause.reset();',
            replace: '        pause.reset();',
          },
        ],
      },
      {
        name: 'only paths that were read of are known',
        edits: [
          {
            file: 'resolvers/callbacks/callback-paths.ts',
            find: '[generation.current - 1, generation.current, generation.current + 1]',
            replace: '[generation.current - 1, generation.current]',
          },
        ],
      },
    ],
  },
];
