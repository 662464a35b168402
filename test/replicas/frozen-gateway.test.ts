import { describe, expect, test } from 'vitest';
import { request } from 'undici';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import type { Lease } from '../../src/datasources/request-log/leases.ts';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { submitted } from '../request-log/contract-support.ts';
import { callbackMessage, named } from '../support/callback-message.ts';
import { devices } from '../support/devices.ts';
import { flatten } from '../support/flat-store.ts';
import { makeKey } from '../support/make-key.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { newRequest } from '../support/new-request.ts';
import { openGateway } from '../support/open-gateway.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { graphql, startStack } from '../support/stack.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`That a frozen gateway hinders no other one is not tested: ${reason}.\n`);

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) {
  __typename ... on ActivateDevicesAccepted { request { id } } ... on MutationError { message code } } }`;
const STATUS = 'query ($id: ID!) { request(id: $id) { status carrierRequests { attempts } } }';

async function openStore(url: string) {
  return flatten(await openPostgresStore({ url, hub: new Hub({ tickMs: () => 1 }), now: Date.now, connections: 3 }));
}

describe.skipIf(reason !== null)('of several gateways on one database', () => {
  test('one that freezes in the middle of a transaction holds up the others for seconds only', async () => {
    await using database = await (await needPostgres()).openDatabase();
    const frozen = Promise.withResolvers<void>();
    let isArmed = false;
    const onAsked = (piece: Buffer) => {
      // It has locked its request by then.
      if (!isArmed || !piece.includes('INSERT INTO event')) return;
      proxy.freeze();
      frozen.resolve();
    };
    await using proxy: TcpFaultProxy = await startTcpFaultProxy(database.url, () => ({}), { onAsked });
    await using one = await openStore(proxy.through(database.url));
    await using other = await openStore(database.url);
    await submitted(other, [named(1), named(2)], 'known');
    isArmed = true;
    const failing = one.append(callbackMessage({ device: 1 })).catch((error: unknown) => error);
    await frozen.promise;
    isArmed = false;
    expect(await other.append(callbackMessage({ device: 2 }))).toBe('APPLIED');
    expect(await other.append(callbackMessage({ device: 1 }))).toBe('APPLIED');
    await proxy.heal();
    expect(await failing).toMatchObject({ code: 'STORE_FAILED', details: { reason: 'STORE_AWAY' } });
    expect(await one.append(callbackMessage({ device: 1 }))).toBe('DUPLICATE');
  });

  test('one that is cut off loses its lease to another, and what it marks as sent afterwards is refused', async () => {
    await using database = await (await needPostgres()).openDatabase();
    await using proxy = await startTcpFaultProxy(database.url);
    await using one = await openStore(proxy.through(database.url));
    await using other = await openStore(database.url);
    const made = newRequest([named(1)]);
    await one.create(made);
    const held = Promise.withResolvers<Lease>();
    const over = Promise.withResolvers<void>();
    const working = one.during('carrier-work', async (lease) => {
      held.resolve(lease);
      await over.promise;
      return lease.over.aborted;
    });
    const lease = await held.promise;
    proxy.freeze();
    await other.during('carrier-work', async (next) => {
      expect(next.token).toBeGreaterThan(lease.token);
      // The first one knows by its own clock, although it hears nothing.
      expect(lease.over.aborted).toBe(true);
      await proxy.heal();
      // A gateway that slept does not know: the database does.
      const asleep: Lease = { token: lease.token, over: new AbortController().signal };
      expect(await one.step(made.id, 0, { type: 'SENDING' }, asleep)).toBe(false);
      expect(await other.step(made.id, 0, { type: 'SENDING' }, next)).toBe(true);
    });
    over.resolve();
    expect(await working).toBe(true);
  });

  test('one that sleeps is replaced, wakes, and nothing is sent twice', async () => {
    await using database = await (await needPostgres()).openDatabase();
    await using folder = await tempFolder();
    const env = (name: string) => ({ M2M_STORE_URL: database.url, M2M_STORE_JOURNAL: `${folder.path}/${name}.sqlite` });
    await using stack = await startSpawnedStack({ env: env('one') });
    await using other = await spawnGateway({ ...stack.env, ...env('other') });
    stack.gateway.kill('SIGSTOP');
    const activate = async (url: string, number: number) => {
      const input = { accountName: stack.account, target: { devices: devices(number) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
      const { data } = await graphql<{ activateDevices: { request: { id: string } } }>(url, ACTIVATE, { input });
      return data?.activateDevices.request.id;
    };
    const sent = async (url: string, id: string | undefined) => {
      const { data } = await graphql<{ request: { status: string; carrierRequests: { attempts: number }[] } }>(url, STATUS, { id });
      return data?.request.status === 'IN_PROGRESS' || data?.request.status === 'SUCCEEDED' ? data.request.carrierRequests : null;
    };
    const id = await activate(other.graphql, 1);
    await until(async () => (await sent(other.graphql, id)) !== null);
    stack.gateway.kill('SIGCONT');
    const second = await activate(stack.gateway.graphql, 2);
    await until(async () => (await sent(stack.gateway.graphql, second)) !== null);
    for (const each of [id, second]) expect(await sent(other.graphql, each)).toEqual([{ attempts: 1 }]);
    expect(stack.simulator.ledger.posts).toHaveLength(2);
  });

  test('an API key that is revoked at one gateway is refused at another, also when that one could not hear of it', async () => {
    await using database = await (await needPostgres()).openDatabase();
    await using folder = await tempFolder();
    await using proxy = await startTcpFaultProxy(database.url);
    const env = (name: string, url: string) => ({ M2M_AUTH: 'on', M2M_STORE_URL: url, M2M_STORE_JOURNAL: `${folder.path}/${name}.sqlite` });
    await using stack = await startStack({ register: false, env: env('one', database.url) });
    await using other = await openGateway(stack.simulator, `${folder.path}/unused.sqlite`, env('other', proxy.through(database.url)));
    const ask = async (authorization: string) => {
      const headers = { authorization, 'content-type': 'application/json' };
      const answer = await request(other.urls.graphql, { method: 'POST', headers, body: JSON.stringify({ query: '{ __typename }' }) });
      await answer.body.dump();
      return answer.statusCode;
    };
    for (const mayHear of [true, false]) {
      const key = await makeKey(stack.gateway, { scopes: { [stack.account]: ['read'] } });
      await until(async () => (await ask(key.authorization)) === 200);
      if (!mayHear) {
        await proxy.refuse();
        proxy.cut();
      }
      await key.revoke();
      await proxy.heal();
      await until(async () => (await ask(key.authorization)) === 401);
    }
  });
});
