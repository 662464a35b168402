import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { FakeCarrier } from './carrier/fake-carrier.ts';
import { newLine } from './carrier/line.ts';
import { Gateway } from './gateway.ts';
import { activation } from './inputs.ts';
import { carrierIdOf, outcomeOf, statusesOf } from './views.ts';

test('beside a carrier that answers nothing, ready means that GraphQL answers', async () => {
  await using carrier = await FakeCarrier.start();
  carrier.answerAllWith('', 'silent');
  const [graphql, admin] = [await freePort(), await freePort()];
  const ports = { M2M_GRAPHQL_PORT: String(graphql), M2M_ADMIN_PORT: String(admin), M2M_THINGSPACE_TIMEOUT_MS: '3000' };
  await using gateway = await Gateway.spawn(carrier, ports);
  await gateway.logged(({ event }) => event === 'callback_addresses');
  const ready = () =>
    fetch(`http://127.0.0.1:${admin}/health/ready`).then(
      ({ status }) => status,
      () => 0,
    );
  expect(await gateway.eventually(ready, (status) => status === 200)).toBe(200);
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${graphql}/graphql`, { method: 'POST', headers, body: '{"query":"{__typename}"}' });
  expect(await answer.json()).toEqual({ data: { __typename: 'Query' } });
});

test('a carrier that cuts the connection while we register ends nothing', async () => {
  await using carrier = await FakeCarrier.start();
  for (const account of ['0868924207-00001', '0000123456-00001']) carrier.answerAllWith(`/callbacks/${account}`, 'cut');
  await using gateway = await Gateway.start(carrier);
  expect((await gateway.request('activateDevices', activation(newLine()))).status).toBe('IN_PROGRESS');
});

test('a device that waits for an approval is given longer than one that is silent', async () => {
  await using carrier = await FakeCarrier.start();
  await using gateway = await Gateway.start(carrier, { M2M_OVERDUE_AFTER_MS: '500', M2M_EXPIRE_AFTER_MS: '2000' });
  const lines = [newLine(), newLine()] as const;
  const request = await gateway.request('activateDevices', activation(...lines));
  const fault = {
    faultcode: 'UnifiedWebService.REQUEST_ONHOLD.CreditApproval',
    faultstring: 'REQUEST_ONHOLD. Waiting for credit approval',
  };
  await carrier.report(carrierIdOf(request), lines[1], 'activate.failed.alreadyActive', (message) =>
    Object.assign(message, { faultResponse: fault }),
  );
  const view = await gateway.until(request.id, (seen) => outcomeOf(seen, 0).status === 'EXPIRED');
  expect(['PENDING', 'OVERDUE']).toContain(statusesOf(view)[1]);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return address.port;
}
