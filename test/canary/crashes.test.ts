import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { plantedTree } from '../support/planted-tree.ts';
import { ACCOUNT, canary, type CanaryName } from './canaries.ts';
import { startGuardedStack, type GuardedStack } from './support/guarded-stack.ts';
import { activated, renewed } from './support/marked-callbacks.ts';
import { ACTIVATE, activation, everything, slimActivation } from './support/marked-inputs.ts';
import { deliver, overSocket, submit } from './support/trips.ts';

const DEVICE = '89148007301946286001';

/** Witnesses the keys whose ids stand beside sealed values. */
function sealedWith({ storePath, evidence }: GuardedStack, names: readonly CanaryName[]): void {
  using db = new DatabaseSync(storePath, { readOnly: true });
  const ids = db
    .prepare('SELECT DISTINCT key_id FROM unclaimed UNION SELECT key_id FROM event')
    .all()
    .map((row) => row['key_id']);
  for (const name of names) {
    const key = Buffer.from(canary(name), 'base64');
    if (ids.includes(createHash('sha256').update(key).digest('hex').slice(0, 8))) evidence.witness('gateway answered', key);
  }
}

/** Sends callbacks until the process is gone. Some are acknowledged, one is cut off. */
async function deliverUntilKilled(stack: GuardedStack, life: number): Promise<void> {
  for (let at = 0, status: number | 'no answer' = 200; status === 200; at++) {
    if (at === 20) stack.gateway.kill('SIGKILL');
    status = await stack.callback(renewed(`of-life-${life}-${at}`, 'crashedCode'), { service: 'DeviceProfileService' });
  }
}

test('what is on its way when the process is killed comes to light neither then nor afterwards', async () => {
  await using stack = await startGuardedStack({ env: { M2M_STORE_KEYS: canary('olderStoreKey') } });
  const { evidence, carrier, simulator } = stack;
  const first = await submit(stack, ACTIVATE, slimActivation(DEVICE));
  await deliverUntilKilled(stack, 1);
  await stack.end('SIGKILL');
  const keys = { M2M_STORE_KEYS: `${canary('storeKey')},${canary('olderStoreKey')}` };
  await stack.restart(keys);
  await deliver(stack, activated(first.carrierRequestId, { iccid: DEVICE, password: 'crashedPassword' }));
  await overSocket(stack, 'owner', first.id);
  // The carrier has got a mutation and does not answer it.
  simulator.faults.latency('activate', 60_000);
  const { idempotencyKey: _key, ...whole } = activation(['89148007301946286002']);
  const place = whole['primaryPlaceOfUse'] as { customerName: object };
  const primaryPlaceOfUse = { ...place, customerName: { ...place.customerName, lastName: canary('crashedName') } };
  const asked = stack.ask('owner', ACTIVATE, { input: { ...whole, primaryPlaceOfUse } }).catch(() => null);
  await simulator.ledger.until(({ posts }) => posts.some(({ body }) => body.includes(canary('crashedName'))));
  await stack.look();
  await deliverUntilKilled(stack, 2);
  await stack.end('SIGKILL');
  await asked;
  sealedWith(stack, ['storeKey', 'olderStoreKey']);
  await stack.restart(keys);
  for (const who of ['owner', 'reader'] as const) await stack.ask(who, everything(who));
  await stack.admin('POST', '/store/reseal');
  await stack.look();
  expect(await stack.end('SIGTERM')).toBe(0);
  expect(carrier.waiting).toEqual([]);
  expect(evidence.leaks()).toEqual([]);
  const later = /^(?:damagedMessage|uncaughtText)/;
  expect(evidence.missing('crashes').filter((name) => !later.test(name))).toEqual([]);
});

test.each([
  { store: 'sealed', plain: false },
  { store: 'plain', plain: true },
])('a damaged row of a $store store is told without what stands in it', async ({ plain }) => {
  await using stack = await startGuardedStack({ plain });
  const { evidence } = stack;
  const request = await submit(stack, ACTIVATE, slimActivation(DEVICE));
  await deliver(stack, activated(request.carrierRequestId, { iccid: DEVICE }));
  expect(await stack.end('SIGTERM')).toBe(0);
  const damaged = `{"activationCode": ${canary('damagedMessage')}`;
  using db = new DatabaseSync(stack.storePath);
  db.prepare('UPDATE event SET message = ? WHERE message IS NOT NULL').run(damaged);
  db.close();
  await stack.restart();
  const { errors } = await stack.ask('owner', everything('owner'));
  expect(errors?.[0]?.extensions?.code).toBe(plain ? 'INTERNAL_SERVER_ERROR' : 'STORE_FAILED');
  evidence.witness('gateway answered', damaged);
  await stack.gateway[Symbol.asyncDispose]();
  evidence.note('output', 'the gateway', stack.gateway.output());
  expect(evidence.leaks()).toEqual([]);
  expect(evidence.missing('crashes').filter((name) => name.startsWith('damagedMessage'))).toEqual([]);
});

test('an error that nobody catches ends the process with its own words, and nothing that hangs on it', async () => {
  const find = "  const bytes = await readBody(request, maxBodyBytes);\n  if (bytes === 'TOO_LARGE')";
  const thrown = `setImmediate(() => { throw Object.assign(new Error('planted', { cause: String(bytes) }), { body: String(bytes) }); });`;
  const replace = find.replace('\n', `\n  ${thrown}\n`);
  await using tree = await plantedTree([{ file: 'server/callbacks/callbacks.ts', find, replace }]);
  await using stack = await startGuardedStack({ folder: tree.path });
  const { evidence } = stack;
  const status = await stack.callback({ requestId: ACCOUNT, comment: canary('uncaughtText') });
  expect(await stack.gateway.exited).toBe(1);
  evidence.witness('gateway answered', `${status} ${canary('uncaughtText')}`);
  evidence.note('output', 'the gateway', stack.gateway.output());
  expect(stack.gateway.output()).toContain('planted');
  expect(evidence.leaks()).toEqual([]);
  expect(evidence.missing('crashes').filter((name) => name.startsWith('uncaughtText'))).toEqual([]);
});
