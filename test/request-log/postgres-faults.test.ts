import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { callbackMessage, named } from '../support/callback-message.ts';
import { flatten, type FlatStore } from '../support/flat-store.ts';
import { newRequest } from '../support/new-request.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { until } from '../support/until.ts';
import { outcomesOf, requestOf, statuses, submitted } from './contract-support.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`What a bad line to PostgreSQL does is not tested: ${reason}.\n`);

interface Line extends AsyncDisposable {
  readonly url: string;
  readonly proxy: TcpFaultProxy;
  /** A store behind the proxy, with one connection beside its listener's. */
  readonly store: FlatStore;
  readonly hub: Hub;
  /** The next COMMIT is cut off before the server hears it. `refuse`: new connections are refused from then on. */
  cutNextCommit(how?: 'refuse'): Promise<void>;
}

const STORE_AWAY = { code: 'STORE_FAILED', details: { reason: 'STORE_AWAY' } };
const openStore = async (url: string, hub: Hub) => flatten(await openPostgresStore({ url, hub, now: Date.now, connections: 1 }));

async function openLine(url: string): Promise<Line> {
  await using undo = new AsyncDisposableStack();
  let onCommit: (() => void) | null = null;
  const onAsked = (piece: Buffer) => {
    if (!onCommit || !piece.includes('COMMIT')) return;
    onCommit();
    onCommit = null;
  };
  const proxy: TcpFaultProxy = undo.use(await startTcpFaultProxy(url, () => ({}), { onAsked }));
  const hub = new Hub({ tickMs: () => 1 });
  const store = undo.use(await openStore(proxy.through(url), hub));
  const built = undo.move();
  const cutNextCommit = (how?: 'refuse') =>
    new Promise<void>((resolve) => {
      onCommit = () => {
        if (how) void proxy.refuse();
        proxy.cut();
        resolve();
      };
    });
  return { url, proxy, hub, store, cutNextCommit, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

describe.skipIf(reason !== null)('the store on PostgreSQL over a bad line', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('a commit whose answer is lost has happened once: a request, a step, a callback', async () => {
    await using line = await openLine(await server.createDatabase());
    const { store, proxy } = line;
    const request = newRequest([named(1)]);
    const lost = async <Result>(work: () => Promise<Result>) => {
      const seen = proxy.loseAnswerTo('COMMIT');
      const result = await work();
      await seen;
      return result;
    };
    await lost(() => store.create(request));
    await lost(() => store.step(request.id, 0, { type: 'SENDING' }));
    await lost(() => store.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: 'known' }));
    expect(await lost(() => store.append(callbackMessage({ device: 1 })))).toBe('APPLIED');
    expect(await store.append(callbackMessage({ device: 1 }))).toBe('DUPLICATE');
    expect(await requestOf(store, request.id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(statuses(await outcomesOf(store, request.id))).toEqual(['SUCCEEDED']);
  });

  test('a commit that never came to the server has not happened, which is told, and works when it is tried again', async () => {
    await using line = await openLine(await server.createDatabase());
    const { store } = line;
    const request = newRequest([named(1)]);
    void line.cutNextCommit();
    await expect(store.create(request)).rejects.toMatchObject({ ...STORE_AWAY, message: expect.stringContaining('nothing was stored') });
    await store.create(request);
    void line.cutNextCommit();
    await expect(store.append(callbackMessage({ id: 'of-nobody' }))).rejects.toMatchObject(STORE_AWAY);
    expect(await store.append(callbackMessage({ id: 'of-nobody' }))).toBe('UNCLAIMED');
  });

  test('connections that were ended by the server fail nobody', async () => {
    await using line = await openLine(await server.createDatabase());
    const id = await submitted(line.store, [named(1)], 'known');
    await server.client.cutConnections(line.url);
    expect(await requestOf(line.store, id)).toMatchObject({ id });
    await server.client.cutConnections(line.url);
    expect(await line.store.append(callbackMessage({ device: 1 }))).toBe('APPLIED');
  });

  test('a gateway hears the others again after its connection was ended, and looks at everything that it may have missed', async () => {
    await using line = await openLine(await server.createDatabase());
    await using other = await openStore(line.url, new Hub({ tickMs: () => 1 }));
    await until(async () => (await server.client.cutConnections(line.url)) > 0);
    using watch = line.hub.follow('fact greeting');
    const mark = watch.mark();
    // It may be heard or missed: the follower looks in any case.
    await other.remember('greeting', 'hello');
    await watch.news(mark);
    await until(async () => {
      const before = watch.mark();
      await other.remember('greeting', 'again');
      await Promise.race([watch.news(before), new Promise((resolve) => setTimeout(resolve, 50))]);
      return watch.mark() !== before;
    });
  });

  test('a line that passes nothing on and says nothing is given up in seconds, with everything that waits for it', async () => {
    await using line = await openLine(await server.createDatabase());
    const { store, proxy } = line;
    const id = await submitted(store, [named(1)], 'known');
    proxy.freeze();
    const read = requestOf(store, id).catch((error: unknown) => error);
    const write = store.remember('greeting', 'hello').catch((error: unknown) => error);
    expect(await read).toMatchObject(STORE_AWAY);
    expect(await write).toMatchObject(STORE_AWAY);
    await proxy.heal();
    expect(await requestOf(store, id)).toMatchObject({ id });
    await store.remember('greeting', 'hello');
  });
});

test.skipIf(reason !== null)(
  'a promoted standby is used as soon as it is at the address, and a commit whose fate it cannot know is told as unknown',
  async () => {
    await using primary = await startPostgres({
      settings: { synchronous_standby_names: '*', max_wal_senders: '4', synchronous_commit: 'local' },
    });
    await using standby = await primary.startStandby();
    await primary.client.query(`ALTER SYSTEM SET synchronous_commit = 'on'`);
    await primary.client.query('SELECT pg_reload_conf()');
    const url = await primary.createDatabase();
    await using line = await openLine(url);
    const { store, proxy } = line;
    const id = await submitted(store, [named(1), named(2)], 'known');
    expect(await store.append(callbackMessage({ device: 1 }))).toBe('APPLIED');
    const cut = line.cutNextCommit('refuse');
    const failing = store.append(callbackMessage({ device: 2 })).catch((error: unknown) => error);
    await cut;
    await primary.stop('immediate');
    await standby.promote();
    proxy.retarget(standby.url(new URL(url).pathname.slice(1)));
    await proxy.heal();
    expect(await failing).toMatchObject({ ...STORE_AWAY, message: expect.stringContaining('not answered whether') });
    expect(statuses(await outcomesOf(store, id))).toEqual(['SUCCEEDED', 'PENDING']);
    expect(await store.append(callbackMessage({ device: 2 }))).toBe('APPLIED');
  },
);
