import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { SCHEMA_VERSION } from '../../src/datasources/request-log/postgres/prepare-database.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { until } from '../support/until.ts';
import { startCallbackLanes } from './callback-lanes.ts';
import { settle, startPlace, untilEmptied, untilJournaled, type Outage } from './outage.ts';
import { startWhileAway, untilOpen, WAITING } from './start-away.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`That a gateway starts while the database is away is not tested at length: ${reason}.\n`);

const OUTAGES: readonly Outage[] = [
  { name: 'crashed', begin: ({ server }) => server.stop('immediate'), end: ({ server }) => server.start() },
  { name: 'silent', begin: async ({ proxy }) => proxy.freeze(), end: ({ proxy }) => proxy.heal() },
];

describe.skipIf(reason !== null)('a gateway that starts while its database is away', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(OUTAGES)('$name: takes callbacks once its journal knows their paths, also when it is killed meanwhile', (outage) =>
    startWhileAway(outage, server, ['SIGKILL', 'SIGKILL', 'SIGTERM']),
  );

  test('goes by the last generation of callback paths that it knew', async () => {
    await using place = await startPlace(server);
    const { stack, proxy } = place;
    const post = async (generation: number) => {
      const path = makeCallbackPath(
        stack.env['M2M_CALLBACK_SECRET'] ?? '',
        { account: stack.account, service: 'CarrierService' },
        generation,
      );
      const body = JSON.stringify({ requestId: 'f0e1d2c3-0000-4000-8000-000000000000', status: 'Pending', comment: String(generation) });
      const { statusCode, body: answer } = await request(`${stack.gateway.callbacks}${path}`, { method: 'POST', body });
      await answer.dump();
      return statusCode;
    };
    for (let rotation = 0; rotation < 2; rotation++) {
      const { statusCode, body } = await request(`${stack.gateway.admin}/callbacks/rotate?force=true`, { method: 'POST' });
      expect({ statusCode, body: await body.json() }).toMatchObject({ statusCode: 200 });
    }
    // The thread of callbacks takes the one after the one that it knows.
    await until(async () => (await post(3)) === 200);
    await proxy.refuse();
    proxy.cut();
    stack.gateway.kill('SIGKILL');
    await stack.restart(WAITING);
    expect([await post(0), await post(1), await post(2), await post(3), await post(4)]).toEqual([404, 200, 200, 200, 404]);
  });

  test('a database that goes away again before GraphQL is open is waited for again', async () => {
    const gone = Promise.withResolvers<void>();
    let isGone = false;
    await using place = await startPlace(server, {
      listeners: ['callbacks'],
      onAsked: (piece, proxy) => {
        if (isGone || !piece.includes("state = 'SENDING') AND")) return;
        isGone = true;
        void proxy.refuse().then(gone.resolve);
        proxy.cut();
      },
    });
    await gone.promise;
    await until(() => place.stack.gateway.output().includes('"store_awaited"'));
    await place.proxy.heal();
    await untilOpen(place.stack);
  });

  test('SIGTERM ends the first start, whose callback door has not opened', async () => {
    await using place = await startPlace(server, { listeners: ['admin'], begin: async ({ proxy }) => proxy.freeze() });
    const { gateway } = place.stack;
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    expect(gateway.output()).toContain('"stopped_while_starting"');
  });

  test('a database that comes back with a newer schema ends it, and what it has acknowledged is moved by one that may', async () => {
    await using place = await startPlace(server);
    const { stack, proxy, url } = place;
    await using lanes = startCallbackLanes(() => stack.callbackUrl());
    await lanes.more(20);
    await proxy.refuse();
    proxy.cut();
    stack.gateway.kill('SIGKILL');
    await stack.restart(WAITING);
    await untilJournaled(stack);
    const setSchema = (version: string) =>
      server.client.query("UPDATE fact SET value = $1 WHERE key IN ('schema', 'schema-oldest')", [version], new URL(url).pathname.slice(1));
    await setSchema('99');
    await proxy.heal();
    expect(await stack.gateway.exited).toBe(1);
    expect(stack.gateway.output()).toContain('The store has schema 99');
    await setSchema(String(SCHEMA_VERSION));
    await stack.restart();
    await untilOpen(stack);
    await untilEmptied(stack);
    await settle('ended by a newer schema', lanes, url);
  });

  test.each(['server_version_num', 'pg_try_advisory_lock', 'LISTEN', 'pg_listening_channels'])(
    'a server that falls silent at %s is away',
    async (text) => {
      const url = await server.createDatabase();
      await using proxy = await startTcpFaultProxy(url, undefined, {
        onAsked: (piece) => {
          if (piece.includes(text)) proxy.freeze();
        },
      });
      const opening = openPostgresStore({ url: proxy.through(url), hub: new Hub({ tickMs: () => 1 }), now: Date.now, connections: 1 });
      await expect(opening).rejects.toMatchObject({ details: { reason: 'STORE_AWAY' } });
    },
  );
});
