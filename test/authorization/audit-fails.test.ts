import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openClockedGateway, type ClockedGateway } from '../callback-door/support/clocked-gateway.ts';
import { activation } from '../carrier/support/activation.ts';
import { operator } from '../follow-up/support/operator.ts';
import { devices } from '../support/devices.ts';
import { makeKey } from '../support/make-key.ts';
import { readMetric } from '../support/read-metric.ts';
import { graphql } from '../support/stack.ts';

/** Room for one activation a minute: the next ones wait. */
const ONE = { M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '1', M2M_SUBMIT_WAIT_MS: '100' };

/** From the next start on nothing but new requests can be written to the audit log. */
const breakAudit = (path: string): void => {
  using store = new DatabaseSync(path);
  store.exec(`CREATE TRIGGER broken BEFORE INSERT ON audit WHEN NEW.outcome <> 'CREATED' BEGIN SELECT raise(ABORT, 'no room'); END`);
};

async function openBroken(): Promise<ClockedGateway> {
  const stack = await openClockedGateway(ONE);
  await stack.restart({}, () => breakAudit(stack.storePath));
  return stack;
}

const unrecorded = ({ log }: ClockedGateway) => log.of('audit_failed').map(({ level, operation, outcome }) => [level, operation, outcome]);
const counted = ({ gateway }: ClockedGateway) => readMetric(gateway.urls.admin, 'm2m_audit_failed_total');

test('a mutation that was done is answered as done even if it cannot be recorded, so that nobody repeats it, and the gateway logs it', async () => {
  await using stack = await openBroken();
  const { activate, cancel } = operator(stack.gateway.urls.graphql);
  await activate(activation(stack.account, { devices: devices(1, 1) }));
  const input = activation(stack.account, { devices: devices(1, 2), idempotencyKey: 'once' });
  const { id } = await activate(input);
  expect((await activate(input)).id).toBe(id);
  expect(await cancel(id)).toMatchObject({ __typename: 'RequestCancelled', request: { status: 'CANCELLED' } });
  expect(unrecorded(stack)).toEqual([
    [50, 'activateDevices', 'REPEATED'],
    [50, 'cancelRequest', 'DONE'],
  ]);
  expect(await counted(stack)).toBe(2);
});

test('a new key is handed out even if that cannot be recorded, because it stands nowhere else', async () => {
  await using stack = await openBroken();
  await stack.restart({ M2M_AUTH: 'on' });
  const key = await makeKey(stack.gateway, { scopes: { '*': ['read'] } });
  const { data } = await graphql(stack.gateway.urls.graphql, '{ __typename }', {}, key.authorization);
  expect(data).toEqual({ __typename: 'Query' });
  await key.revoke();
  const { errors } = await graphql(stack.gateway.urls.graphql, '{ __typename }', {}, key.authorization);
  expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  expect(unrecorded(stack)).toEqual([
    [50, 'keys.create', 'DONE'],
    [50, 'keys.revoke', 'DONE'],
  ]);
});

test('rotated callback URLs are reported as rotated even if that cannot be recorded', async () => {
  await using stack = await openBroken();
  expect(await stack.command('POST', '/callbacks/register')).toMatchObject({ status: 200 });
  expect(await stack.command('POST', '/callbacks/rotate')).toMatchObject({
    status: 200,
    body: { listeners: [{ change: 'registered' }, {}, {}] },
  });
  expect(unrecorded(stack)).toEqual([
    [50, 'callbacks.register', 'DONE'],
    [50, 'callbacks.rotate', 'DONE'],
  ]);
});
