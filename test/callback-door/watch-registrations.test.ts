import { Hub } from '../../src/datasources/request-log/hub.ts';
import { LocalLeases } from '../../src/datasources/request-log/local-leases.ts';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { CallbackGeneration } from '../../src/resolvers/callbacks/callback-generation.ts';
import { CallbackPaths } from '../../src/resolvers/callbacks/callback-paths.ts';
import { CallbackRegistrations, type RegistrationReport } from '../../src/resolvers/callbacks/callback-registrations.ts';
import { RegistrationWatch } from '../../src/resolvers/callbacks/watch-registrations.ts';
import { carrierClient } from '../support/carrier-client.ts';
import { readMetric } from '../support/read-metric.ts';
import { recordedLog } from '../support/recorded-log.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { watchTimers } from '../support/watched-timers.ts';
import { openClockedGateway, type ClockedGateway } from './support/clocked-gateway.ts';
import { throwFailure } from '../support/throw-failure.ts';

const OFTEN = { registrationWatch: { firstAfterMs: 5, everyMs: 5 } };
const NEVER = { registrationWatch: { firstAfterMs: 86_400_000, everyMs: 86_400_000 } };
const DAY_MS = 86_400_000;
const THEIRS = 'http://127.0.0.1:9006/their-secret-path';

const lost = ({ gateway }: ClockedGateway) => readMetric(gateway.urls.admin, 'm2m_callback_listeners_lost');
const checkedAt = ({ gateway }: ClockedGateway) => readMetric(gateway.urls.admin, 'm2m_callback_listeners_checked_timestamp_seconds');
const readiness = (stack: ClockedGateway) =>
  stack.command<{ ready: boolean; checks: Record<string, string> }>('GET', '/health/ready').then(({ body }) => body);

async function takeOver({ simulator, account }: Pick<ClockedGateway, 'simulator' | 'account'>, service = 'CarrierService', url = THEIRS) {
  await using client = carrierClient(simulator);
  await client.thingSpace.register(account, { serviceName: service, url, username: '', password: '' });
}

test('a registration that another tool takes raises an alarm in metric, log and readiness until it is back; nothing is repaired', async () => {
  await using stack = await openClockedGateway({ M2M_CALLBACK_REGISTER: 'on' }, OFTEN);
  await until(async () => (await checkedAt(stack)) > 0);
  expect(await lost(stack)).toBe(0);
  expect(await readiness(stack)).toMatchObject({ ready: true, checks: { callbacks: 'ok' } });

  await takeOver(stack);
  await until(async () => (await lost(stack)) === 1);
  const [line] = stack.log.of('callback_listener_lost');
  expect(line).toMatchObject({
    level: 50,
    service: 'CarrierService',
    outcome: 'other',
    reason: expect.stringContaining('npm run callbacks'),
  });
  const alarmed = await readiness(stack);
  expect(alarmed).toMatchObject({ ready: true, checks: { callbacks: `lost: CarrierService of ${String(line?.['account'])} → other` } });
  // Further checks say nothing new, and leave the other tool alone.
  stack.clock.ms += 60_000;
  await until(async () => Math.round((await checkedAt(stack)) * 1_000) === stack.clock.ms);
  expect(stack.log.of('callback_listener_lost')).toHaveLength(1);
  expect(stack.simulator.listeners(stack.account)[0]).toMatchObject({ url: THEIRS });

  await takeOver(stack, 'CarrierService', stack.gateway.urls.callbacks + stack.gateway.callbackPath(stack.account, 'CarrierService'));
  await until(async () => (await lost(stack)) === 0);
  expect(stack.log.of('callback_listener_back')).toMatchObject([{ level: 30, service: 'CarrierService', account: line?.['account'] }]);
  expect(await readiness(stack)).toMatchObject({ ready: true, checks: { callbacks: 'ok' } });
  for (const secret of [stack.account, 'their-secret-path']) expect(stack.log.text()).not.toContain(secret);
});

test('with a public URL and no registration every service is lost, and a command that registers them ends the alarm at once', async () => {
  await using stack = await openClockedGateway({}, NEVER);
  expect((await readiness(stack)).checks).toMatchObject({ callbacks: 'unknown' });
  await stack.command('GET', '/callbacks');
  expect(await lost(stack)).toBe(3);
  expect((await readiness(stack)).checks['callbacks']).toMatch(
    /^lost: CarrierService of \S+ → none, NiddService of .*, DeviceProfileService of /,
  );
  await stack.command('POST', '/callbacks/register');
  expect(await lost(stack)).toBe(0);
  expect(stack.log.of('callback_listener_back')).toHaveLength(3);
  await stack.command('POST', '/callbacks/remove');
  expect(await lost(stack)).toBe(3);
});

test('the registration at the start is the first check, and the carrier is not asked again before its time', async () => {
  await using stack = await openClockedGateway({ M2M_CALLBACK_REGISTER: 'on' }, NEVER);
  expect(await readiness(stack)).toMatchObject({ checks: { callbacks: 'ok' } });
  expect(await checkedAt(stack)).toBe(stack.clock.ms / 1_000);
  expect(stack.simulator.ledger.counts.calls).toMatchObject({ callbackList: 1 });
});

test('by default the gateway asks one minute after its start and then every hour', async () => {
  using timers = watchTimers('/keep-registrations.ts', { skipped: 60_000 });
  await using stack = await openClockedGateway({ M2M_CALLBACK_REGISTER: 'on' });
  await until(() => timers.delays.length === 2);
  expect(timers.delays).toEqual([60_000, 3_600_000]);
  expect(stack.simulator.ledger.counts.calls).toMatchObject({ callbackList: 2 });
});

test('without a public URL and without registration the carrier is not asked, and readiness does not mention it', async () => {
  await using stack = await startStack({ register: false });
  const { checks } = (await (await request(`${stack.gateway.urls.admin}/health/ready`)).body.json()) as { checks: object };
  expect(checks).toEqual({ store: 'ok', login: 'ok' });
});

test('after a rotation a registration that was not renewed causes a warning for 24 hours, and is lost after that', async () => {
  await using stack = await openClockedGateway({ M2M_CALLBACK_REGISTER: 'on' }, NEVER);
  const former = stack.gateway.urls.callbacks + stack.gateway.callbackPath(stack.account, 'NiddService');
  await stack.command('POST', '/callbacks/rotate');
  expect(await lost(stack)).toBe(0);
  await takeOver(stack, 'NiddService', former);
  await stack.command('GET', '/callbacks');
  expect(await lost(stack)).toBe(0);
  expect(stack.log.of('callback_listener_on_former_url')).toMatchObject([{ level: 40, service: 'NiddService', outcome: 'former' }]);
  stack.clock.ms += DAY_MS;
  await stack.command('GET', '/callbacks');
  expect(await lost(stack)).toBe(1);
  expect(stack.log.of('callback_listener_lost')).toMatchObject([{ service: 'NiddService', outcome: 'lapsed' }]);
});

test('when the carrier cannot be asked the state is `unknown`, one warning is logged, and a known loss stays lost', async () => {
  await using parts = await watched(['0868924207-00001']);
  const { simulator, watch, log, checks } = parts;
  await parts.registrations.register({ replace: false });
  await watch.check();
  expect(watch.status).toBe('ok');
  simulator.faults.endpoints.add({ endpoint: 'callbackList', status: 503, times: 2 });
  await watch.check();
  await watch.check();
  expect(watch.status).toBe('unknown');
  expect(log.of('callback_listeners_unchecked')).toMatchObject([{ level: 40, count: 1, code: 'CARRIER_UNAVAILABLE', status: 503 }]);
  expect(JSON.stringify(log.of('callback_listeners_unchecked'))).not.toContain('0868924207');
  await takeOver({ simulator, account: '0868924207-00001' });
  await watch.check();
  simulator.faults.endpoints.add({ endpoint: 'callbackList', status: 503 });
  await watch.check();
  expect(watch.status).toMatch(/^lost: CarrierService of pseudonym-of-0868924207-00001 → other$/);
  expect(checks.map(({ lost: count, at }) => [count, at !== null])).toEqual([
    [0, true],
    [0, false],
    [0, false],
    [1, true],
    [1, false],
  ]);
});

test('an account that the carrier refuses hides no loss of another account, and the check does not count', async () => {
  const accounts = ['0868924207-00001', '0000123456-00001'];
  await using parts = await watched(accounts);
  const { simulator, watch, checks } = parts;
  await parts.registrations.register({ replace: false });
  await takeOver({ simulator, account: '0000123456-00001' });
  simulator.faults.endpoints.add({ endpoint: 'callbackList', status: 400 });
  await watch.check();
  expect(watch.status).toMatch(/CarrierService of pseudonym-of-0000123456-00001 → other/);
  expect(checks).toEqual([{ lost: 1, at: null }]);
});

test('while a refused login stops all logins, the carrier is not asked', async () => {
  await using parts = await watched(['0868924207-00001'], { isLatched: true });
  await parts.watch.check();
  expect(parts.watch.status).toBe('unknown');
  expect(parts.simulator.ledger.counts.calls).toEqual({});
});

test('a check that a command overtakes does not restore the earlier state', async () => {
  await using parts = await watched(['0868924207-00001']);
  const before = await parts.registrations.list();
  const { promise, resolve } = Promise.withResolvers<RegistrationReport[]>();
  const watch = parts.watchOver(() => promise);
  const checking = watch.check();
  // Without a pause the check has not asked yet.
  await new Promise(setImmediate);
  watch.learn(await parts.registrations.register({ replace: false }));
  resolve(before);
  await checking;
  expect(watch.status).toBe('ok');
  expect(parts.log.of('callback_listener_lost')).toEqual([]);
});

/** A watch of its own over the simulator's registrations, without a gateway around it. */
async function watched(accounts: readonly string[], { isLatched = false } = {}) {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false, accounts }));
  const { thingSpace } = undo.use(carrierClient(simulator));
  const facts = { recall: () => Promise.resolve(null), remember: () => Promise.resolve() };
  const generation = await CallbackGeneration.load({
    store: { facts, leases: new LocalLeases(), hub: new Hub({ tickMs: () => 1 }) },
    now: Date.now,
    onFailure: throwFailure,
  });
  const secret = 'a-secret-for-tests-of-32-characters';
  const paths = new CallbackPaths({ accounts, secret, previousSecret: null, generation });
  const publicUrl = () => 'http://127.0.0.1:9001';
  const registrations = new CallbackRegistrations({ thingSpace, accounts, paths, publicUrl, generation, credentials: null });
  const log = recordedLog();
  const checks: { lost: number; at: number | null }[] = [];
  const watchOver = (list: CallbackRegistrations['list']) =>
    new RegistrationWatch({
      accounts,
      list,
      isLatched: () => Promise.resolve(isLatched),
      onChecked: (count, at) => checks.push({ lost: count, at }),
      pseudonym: (account) => `pseudonym-of-${account}`,
      logger: log.logger,
      now: Date.now,
    });
  const built = undo.move();
  return {
    simulator,
    registrations,
    log,
    checks,
    watchOver,
    watch: watchOver((some) => registrations.list(some)),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
