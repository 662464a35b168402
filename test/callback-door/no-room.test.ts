import { DatabaseSync } from 'node:sqlite';
import { request } from 'undici';
import { expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { LOG_LIMITS } from '../../src/datasources/request-log/log-limits.ts';
import { startGateway } from '../../src/gateway.ts';
import { RefusedMessages } from '../../src/resolvers/callbacks/refused-messages.ts';
import { createLogger } from '../../src/logger.ts';
import { submitted } from '../request-log/contract-support.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { ACCOUNT, callback, DEVICE, OTHER_ACCOUNT, WAITING } from './support/open-door.ts';

const NO_CARRIER = {
  url: 'http://127.0.0.1:9/api',
  credentials: { clientId: 'key', clientSecret: 'secret', username: 'user', password: 'password' },
  accounts: [ACCOUNT, OTHER_ACCOUNT],
};

interface Answer {
  readonly status: number;
  readonly retryAfter: unknown;
}

/** A gateway whose store has one request that waits for a callback. */
async function open(env: Readonly<Record<string, string>>, prepare: (db: DatabaseSync) => void = () => undefined) {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const path = `${folder.path}/gateway.sqlite`;
  {
    await using log = openLog(path);
    await submitted(log, [[['ICCID', DEVICE]]], WAITING, { account: ACCOUNT });
  }
  const db = new DatabaseSync(path);
  prepare(db);
  db.close();
  const lines: { readonly event: string }[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(JSON.parse(line) as { event: string }) } });
  const config = readConfig({ ...gatewayEnv(NO_CARRIER, path), ...env });
  const gateway = undo.use(
    await startGateway(config, {
      logger,
      onFatal: (error) => {
        throw error;
      },
    }),
  );
  const post = async (more: Record<string, unknown>, account = ACCOUNT): Promise<Answer> => {
    const body = JSON.stringify(callback({ username: '', password: '', ...more }));
    const answer = await request(`${gateway.urls.callbacks}${gateway.callbackPath(account, 'CarrierService')}`, { method: 'POST', body });
    await answer.body.dump();
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] };
  };
  const read = async (path: string) => (await request(`${gateway.urls.admin}${path}`)).body.text();
  const checks = async () =>
    (JSON.parse(await read('/health/ready/callbacks')) as { ready: boolean; checks: Record<string, string> }).checks;
  const built = undo.move();
  const linesOf = (event: string) => lines.filter((line) => line.event === event);
  return { post, read, checks, linesOf, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

const TAKEN = { status: 200, retryAfter: undefined };
const REFUSED = { status: 503, retryAfter: '60' };

test('a path that is full answers 503 with Retry-After; readiness, a metric and one log line tell which and why', async () => {
  const fill = (db: DatabaseSync) =>
    void db.prepare("INSERT INTO held VALUES (?, 'CarrierService', 'UNCLAIMED', ?, 0)").run(ACCOUNT, LOG_LIMITS.messages);
  await using gateway = await open({}, fill);
  expect(await gateway.checks()).not.toHaveProperty('callbacksRefused');
  for (const requestId of ['one', 'two', 'three']) expect(await gateway.post({ requestId })).toEqual(REFUSED);
  expect(await gateway.post({ requestId: 'one' }, OTHER_ACCOUNT)).toEqual(TAKEN);
  expect(await gateway.post({})).toEqual(TAKEN);
  expect((await gateway.checks())['callbacksRefused']).toMatch(/^CarrierService of [\w-]{8}: PATH_FULL$/);
  expect(await gateway.read('/metrics')).toContain('m2m_callbacks_total{service="CarrierService",outcome="path_full"} 3');
  expect(gateway.linesOf('callback_without_room')).toMatchObject([{ service: 'CarrierService', outcome: 'PATH_FULL', count: 1 }]);
});

test('below the floor of free disk only results of known requests are taken, and that is told', async () => {
  await using gateway = await open({ M2M_STORE_MIN_FREE_MB: '1000000' });
  expect(await gateway.post({ requestId: 'of-nobody' })).toEqual(REFUSED);
  expect(await gateway.post({})).toEqual(TAKEN);
  expect(await gateway.post({ comment: 'said again' })).toEqual(REFUSED);
  const checks = await gateway.checks();
  expect(checks['disk']).toMatch(/^low: \d+ MB free/);
  expect(checks['callbacksRefused']).toContain('DISK_LOW');
  expect(await gateway.read('/metrics')).toContain('m2m_store_disk_low 1');
  expect(gateway.linesOf('callback_without_room')).toHaveLength(1);
  await until(() => gateway.linesOf('disk_low').length > 0);
});

test('a message that would be a dead letter is refused too, and its reason is told', async () => {
  await using gateway = await open({ M2M_STORE_MIN_FREE_MB: '1000000', M2M_CALLBACK_USERNAME: 'user', M2M_CALLBACK_PASSWORD: 'mistyped' });
  expect(await gateway.post({ username: 'user', password: 'right' })).toEqual(REFUSED);
  expect((await gateway.checks())['callbacksRefused']).toMatch(/DISK_LOW \(QUARANTINED\)$/);
  expect(await gateway.post({ username: 'user', password: 'mistyped', requestId: 'of-nobody' })).toEqual(REFUSED);
  // Each kind has a line of its own.
  expect(gateway.linesOf('callback_without_room')).toMatchObject([
    { outcome: 'DISK_LOW', reason: 'QUARANTINED' },
    { outcome: 'DISK_LOW', reason: expect.stringContaining('The disk is low') as string },
  ]);
});

test('readiness tells of a path for as long as its messages were refused lately', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const refused = new RefusedMessages();
    refused.note({ service: 'CarrierService', account: 'one', refusal: 'PATH_FULL', reason: null });
    vi.advanceTimersByTime(59_000);
    expect(refused.checks).toEqual({ callbacksRefused: 'CarrierService of one: PATH_FULL' });
    vi.advanceTimersByTime(2_000);
    expect(refused.checks).toEqual({});
  } finally {
    vi.useRealTimers();
  }
});
