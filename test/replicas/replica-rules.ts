import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { startSimulator } from '../../simulator/start-simulator.ts';
import type { AppendResult, CallbackIntake } from '../../src/datasources/request-log/callback-intake.ts';
import { factTopic } from '../../src/datasources/request-log/store.ts';
import type { Edit } from '../support/planted-tree.ts';
import { callbackMessage, named } from '../support/callback-message.ts';
import { devices } from '../support/devices.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { newRequest } from '../support/new-request.ts';
import { graphql } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { ReplicaSource } from './replica-source.ts';

/** What several gateways on one store keep to, and a change of the code that breaks it. */
export interface ReplicaRule {
  readonly name: string;
  /** What is wrong, in words; null when nothing is. */
  readonly check: (source: ReplicaSource) => Promise<string | null>;
  readonly bugs: readonly { readonly name: string; readonly edits: readonly Edit[] }[];
}

const POSTGRES = 'datasources/request-log/postgres';
/** Much longer than a notification takes, and much shorter than what stands in for one that is lost. */
const HEARD_WITHIN_MS = 4_000;

/** Two gateways' stores on a fresh database. */
async function openTwo(source: ReplicaSource) {
  await using undo = new AsyncDisposableStack();
  const postgres = await needPostgres();
  const { url } = undo.use(await postgres.openDatabase());
  const open = async () =>
    undo.use(await source.openPostgresStore({ url, hub: new source.Hub({ tickMs: () => 5 }), now: Date.now, connections: 4 }));
  const [one, other] = [await open(), await open()];
  const query = <Row extends object>(sql: string, values: readonly unknown[] = []) =>
    postgres.query<Row>(sql, values, new URL(url).pathname.slice(1));
  const built = undo.move();
  return { one, other, query, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** Each store leaves a transaction undone when it is opened: it looks whether a pooler keeps its connection meanwhile. */
const STORES = 2;

async function checkLease(source: ReplicaSource): Promise<string | null> {
  await using stores = await openTwo(source);
  const { one, other, query } = stores;
  const request = newRequest([named(1)]);
  await one.sending.create(request);
  return await one.leases.during('carrier-work', async ({ token }) => {
    // As if it had been stopped for longer than its lease. It has not noticed yet.
    const asleep = { token, over: new AbortController().signal };
    await query("UPDATE lease SET until = clock_timestamp() - interval '1 second' WHERE token = $1", [token]);
    return other.leases.during('carrier-work', async () => {
      const isMarked = await one.sending.step(request.id, 0, { type: 'SENDING' }, asleep);
      return isMarked ? 'a gateway may send although another one has its lease' : null;
    });
  });
}

async function checkLock(source: ReplicaSource): Promise<string | null> {
  const count = 60;
  let query: Awaited<ReturnType<typeof openTwo>>['query'];
  await using undo = new AsyncDisposableStack();
  {
    const stores = undo.use(await openTwo(source));
    const { one, other } = stores;
    ({ query } = stores);
    const request = newRequest(Array.from({ length: count }, (_, at) => named(at)));
    await one.sending.create(request);
    await one.sending.step(request.id, 0, { type: 'SENDING' });
    await one.sending.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: 'known' });
    for (let device = 0; device < count; device++) {
      const append = ({ intake }: typeof one) => intake.append(callbackMessage({ device, text: `of ${device}` }));
      const results = await Promise.all([one, other, one, other].map(append));
      if (results.filter((result) => result === 'APPLIED').length !== 1) return `one callback four times was ${results.join(', ')}`;
    }
    const [row] = await query<{ rows: number; last: number }>('SELECT count(*)::int AS rows, max(seq) AS last FROM event');
    if (row?.rows !== row?.last || (row?.rows ?? 0) < count) return `the log has ${row?.rows} rows up to ${row?.last}`;
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  }
  const [row] = await query<{ undone: number }>(
    'SELECT xact_rollback::int AS undone FROM pg_stat_database WHERE datname = current_database()',
  );
  const undone = (row?.undone ?? 0) - STORES;
  return undone <= 0 ? null : `${undone} transactions were undone, because others were in their way`;
}

async function checkWake(source: ReplicaSource): Promise<string | null> {
  await using stores = await openTwo(source);
  const { one, other } = stores;
  using watch = other.hub.follow(factTopic('said'));
  const looked = Promise.withResolvers<void>();
  const heard = (async () => {
    for (;;) {
      const mark = watch.mark();
      if ((await other.facts.recall('said')) === 'yes') return true;
      looked.resolve();
      await watch.news(mark);
    }
  })();
  await looked.promise;
  await one.facts.remember('said', 'yes');
  return (await Promise.race([heard, delay(HEARD_WITHIN_MS, false)])) ? null : 'another gateway does not see what was committed';
}

async function checkLatch(source: ReplicaSource): Promise<string | null> {
  await using undo = new AsyncDisposableStack();
  const { url } = undo.use(await (await needPostgres()).openDatabase());
  const folder = undo.use(await tempFolder());
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false }));
  const open = (name: string) => {
    const env = {
      ...gatewayEnv(simulator, ''),
      M2M_STORE_PATH: `${folder.path}/unused.sqlite`,
      M2M_THINGSPACE_PASSWORD: 'wrong',
      M2M_LOG_LEVEL: 'silent',
    };
    return source.startGateway(source.readConfig({ ...env, M2M_STORE_URL: url, M2M_STORE_JOURNAL: `${folder.path}/${name}.sqlite` }), {
      onFatal: (error) => {
        throw error;
      },
    });
  };
  const input = { accountName: simulator.accounts[0], target: { devices: devices(1) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
  const ask = async ({ urls }: { readonly urls: { readonly graphql: string } }) => {
    const document = 'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }';
    await Promise.all(Array.from({ length: 3 }, () => graphql(urls.graphql, document, { input })));
  };
  for (let life = 1; life <= 2; life++) {
    await using gateways = new AsyncDisposableStack();
    const three = [gateways.use(await open('one')), gateways.use(await open('other')), gateways.use(await open('third'))];
    await Promise.all(three.map(ask));
  }
  const { loginsRefused } = simulator.ledger.counts;
  return loginsRefused === 1 ? null : `a wrong password was tried ${loginsRefused} times`;
}

async function checkJournal(source: ReplicaSource): Promise<string | null> {
  const committed = Promise.withResolvers<AppendResult>();
  const keep: CallbackIntake['keep'] = () => Promise.resolve('KEPT');
  const empty = () => Promise.resolve({ rows: [], hasMore: false });
  const intake = new source.JournaledIntake({
    shared: {
      intake: { append: () => Promise.reject(new Error('away')), keep },
      forwards: { addForwards: () => Promise.resolve() },
    },
    journal: {
      intake: { append: () => committed.promise, keep },
      unclaimed: { unclaimed: empty, discardUnclaimed: () => Promise.resolve() },
      deadLetters: { deadLetters: empty, discardDeadLetter: () => Promise.resolve() },
      forwards: { forwardLanes: () => Promise.resolve([]), forwards: () => Promise.resolve([]), discardForwards: () => Promise.resolve() },
    } as unknown as ConstructorParameters<typeof source.JournaledIntake>[0]['journal'],
    isUnavailable: () => true,
    now: Date.now,
  });
  let isAcknowledged = false;
  const appended = intake.append(callbackMessage({})).then(() => (isAcknowledged = true));
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  const wasEarly = isAcknowledged;
  committed.resolve('UNCLAIMED');
  await appended;
  await intake.close();
  return wasEarly ? 'a callback is acknowledged before the journal has committed it' : null;
}

export const REPLICA_RULES: readonly ReplicaRule[] = [
  {
    name: 'who has slept through its lease sends nothing',
    check: checkLease,
    bugs: [
      {
        name: 'the lease is not looked at before SENDING',
        edits: [{ file: `${POSTGRES}/postgres-leases.ts`, find: 'return held.length > 0;', replace: 'return held.length >= 0;' }],
      },
    ],
  },
  {
    name: 'who changes a Request locks its row, so that nobody has to begin again',
    check: checkLock,
    bugs: [
      {
        name: 'the row is not locked',
        edits: [
          {
            file: `${POSTGRES}/locked-request.ts`,
            find: "account <> '' ORDER BY pk FOR NO KEY UPDATE`",
            replace: "account <> '' ORDER BY pk`",
          },
        ],
      },
    ],
  },
  {
    name: 'a gateway hears what another one has committed',
    check: checkWake,
    bugs: [
      {
        name: 'only the own process is woken',
        edits: [{ file: `${POSTGRES}/database.ts`, find: '    await tx.tell(this.#options.origin);\n', replace: '' }],
      },
      {
        name: 'others are told before the commit',
        edits: [
          {
            file: `${POSTGRES}/database.ts`,
            find: 'await tx.tell(this.#options.origin);',
            replace: 'await tx.tell(this.#options.origin, this.#connections);',
          },
          {
            file: `${POSTGRES}/database.ts`,
            find: 'async tell(origin: string)',
            replace: 'async tell(origin: string, connections: Connections)',
          },
          {
            file: `${POSTGRES}/database.ts`,
            find: "await this.run('SELECT pg_notify($1, payload) FROM unnest($2::text[]) payload', [CHANNEL, payloadsOf(origin, this.#topics)]);",
            replace:
              "await connections.take().then((client) => client.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) payload', [CHANNEL, payloadsOf(origin, this.#topics)]).finally(() => client.release())).then(() => delay(300));",
          },
        ],
      },
    ],
  },
  {
    name: 'a wrong password is tried once by all gateways, and not again after a restart',
    check: checkLatch,
    bugs: [
      {
        name: 'each process has a latch of its own',
        edits: [
          { file: 'gateway/connect-carrier.ts', find: '    facts: store.facts,\n', replace: '    facts: ownFacts(),\n' },
          {
            file: 'gateway/connect-carrier.ts',
            find: 'export type Carrier =',
            replace: `function ownFacts() {
  const facts = new Map<string, string | null>();
  return {
    recall: (key: string) => Promise.resolve(facts.get(key) ?? null),
    remember: (key: string, value: string | null) => Promise.resolve(void facts.set(key, value)),
  };
}

export type Carrier =`,
          },
        ],
      },
    ],
  },
  {
    name: 'a callback is acknowledged when the journal has committed it',
    check: checkJournal,
    bugs: [
      {
        name: 'it is acknowledged before',
        edits: [
          {
            file: 'datasources/request-log/journaled-intake.ts',
            find: '    this.#tellBehind();\n    return written;',
            replace: "    this.#tellBehind();\n    return 'UNCLAIMED' as never;",
          },
        ],
      },
    ],
  },
];
