import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openSqliteStore } from '../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import { createLogger } from '../../src/logger.ts';
import { createMetrics } from '../../src/metrics.ts';
import { CallbackReceiver } from '../../src/resolvers/callbacks/receive-callback.ts';
import { CallbackGeneration } from '../../src/resolvers/callbacks/callback-generation.ts';
import { CallbackAddresses } from '../../src/server/callbacks/callback-addresses.ts';
import { CallbackPaths, makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { createCallbackServer } from '../../src/server/callbacks/callbacks.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ACCOUNT, callback } from './support/open-door.ts';
import { flatten, storeOf } from '../support/flat-store.ts';
import { throwFailure } from '../support/throw-failure.ts';

const SECRET = 'a-secret-for-tests-of-32-characters-or-more';

test.each([
  ['a good message', JSON.stringify(callback({ username: '', password: '' }))],
  ['an unreadable one', 'nonsense'],
])('%s that cannot be stored is answered 503, so that the carrier sends it again', async (_what, body) => {
  await using folder = await tempFolder();
  const log = flatten(
    openSqliteStore({
      path: `${folder.path}/gateway.sqlite`,
      hub: new Hub({ tickMs: () => 1 }),
      now: Date.now,
      onFatal: (error) => {
        throw error;
      },
    }),
  );
  const metrics = createMetrics();
  const addresses = new CallbackAddresses({ allowed: ['any'], proxyHops: 0, isOnLoopback: true, publicUrl: null });
  const server = createCallbackServer({
    receiver: new CallbackReceiver({
      store: storeOf(log),
      credentials: null,
      requireCredentials: false,
      deadLettersPerReason: 10,
      now: Date.now,
    }),
    addresses: () => addresses,
    connections: { know: () => true, begin: () => true },
    paths: new CallbackPaths({
      accounts: [ACCOUNT],
      secret: SECRET,
      previousSecret: null,
      generation: await CallbackGeneration.load({ store: storeOf(log), now: Date.now, onFailure: throwFailure }),
    }),
    maxBodyBytes: 1_048_576,
    pseudonym: () => 'pseudonym',
    now: Date.now,
    logger: createLogger({ level: 'silent' }),
    metrics,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${makeCallbackPath(SECRET, { account: ACCOUNT, service: 'CarrierService' })}`;
  await log[Symbol.asyncDispose]();
  const answer = await request(url, { method: 'POST', body, reset: true });
  expect(answer.statusCode).toBe(503);
  expect(await answer.body.text()).toBe('Not stored: send it again.');
  expect(await metrics.registry.metrics()).toContain('m2m_callbacks_refused_total{status="503"} 1');
  server.close();
});
