import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { operator } from './support/operator.ts';

const SHORT = { M2M_SUBMIT_WAIT_MS: '100' };

test('above the limit requests wait QUEUED in the order of their coming, with a place and an expected time', async () => {
  await using stack = await startStack({ env: { M2M_SUBMIT_WAIT_MS: '50', M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '2' } });
  const { activate, show, cancel } = operator(stack.gateway.urls.graphql);
  const made: { readonly id: string }[] = [];
  for (let at = 1; at <= 5; at++) made.push(await activate(activation(stack.account, { devices: devices(1, at) })));
  const shown = await Promise.all(made.map(({ id }) => show(id)));
  expect(shown.map(({ queue }) => queue?.position ?? null)).toEqual([null, null, 1, 2, 3]);
  expect(shown.slice(2).map(({ status }) => status)).toEqual(['QUEUED', 'QUEUED', 'QUEUED']);
  // A place is free a minute after its request was answered; two go a minute.
  const answered = shown.slice(0, 2).map(({ carrierRequests }) => Date.parse(carrierRequests[0]?.answeredAt ?? ''));
  const expected = shown.slice(2).map(({ queue }) => Date.parse(queue?.expectedAt ?? ''));
  const inMinutes = expected.map((at, place) => Math.round((at - (answered[place % 2] ?? 0)) / 60_000));
  expect(inMinutes).toEqual([1, 1, 2]);
  await cancel(made[2]?.id ?? '');
  expect((await Promise.all(made.slice(3).map(({ id }) => show(id)))).map(({ queue }) => queue?.position)).toEqual([1, 2]);
  expect(stack.simulator.ledger.posts).toHaveLength(2);
});

test('two accounts take turns even when one has 20 waiting requests', async () => {
  await using stack = await startStack({ env: { M2M_SUBMIT_WAIT_MS: '10' } });
  const { activate, show } = operator(stack.gateway.urls.graphql);
  const [busy = '', quiet = ''] = stack.simulator.accounts;
  stack.simulator.faults.status('activate', 429, { retryAfter: '3' });
  // The first request is put off, and holds up all later ones.
  const first = await activate(activation(busy, { devices: devices(1, 1) }));
  await stack.simulator.ledger.until(({ posts }) => posts.length === 1);
  for (let at = 2; at <= 20; at++) await activate(activation(busy, { devices: devices(1, at) }));
  const late = [];
  for (let at = 31; at <= 33; at++) late.push(await activate(activation(quiet, { devices: devices(1, at) })));
  // Each turn sends one request of each account.
  expect((await Promise.all(late.map(({ id }) => show(id)))).map(({ queue }) => queue?.position)).toEqual([2, 4, 6]);
  expect((await show(first.id)).carrierRequests[0]).toMatchObject({ state: 'QUEUED', attempts: 1 });
  await stack.simulator.ledger.until(({ posts }) => posts.length === 24);
  const order = stack.simulator.ledger.posts.slice(1).flatMap((post) => post.devices);
  // Separate connections may overtake each other by a little, but not by the 16 requests that wait longer.
  expect(order.findIndex((device) => device === iccid(33))).toBeLessThan(12);
  expect(stack.simulator.ledger.performedPerDevice()).toEqual(new Map(order.map((device) => [device, 1])));
});

/** Values of Retry-After, and for how many seconds nothing leaves after them. A date is cut to the second. */
const RETRY_AFTER: readonly (readonly [what: string, value: () => string | undefined, seconds: number])[] = [
  ['no Retry-After', () => undefined, 15],
  ['nonsense', () => 'soon, perhaps', 15],
  ['an empty one', () => ' ', 15],
  ['7 seconds', () => '7', 7],
  ['a date in 40 seconds', () => new Date(Date.now() + 40_000).toUTCString(), 40],
  ['a huge number', () => '99999999999', 300],
  ['a date in the next century', () => 'Fri, 01 Jan 2100 00:00:00 GMT', 300],
];

test.concurrent.each(RETRY_AFTER)('429 with %s holds all requests of that operation, and no other', async (_what, value, seconds) => {
  await using stack = await startStack({ env: SHORT });
  const { activate, show, ended } = operator(stack.gateway.urls.graphql);
  const begun = Date.now();
  const retryAfter = value();
  stack.simulator.faults.status('activate', 429, { times: Number.POSITIVE_INFINITY, ...(retryAfter !== undefined && { retryAfter }) });
  const ids = [];
  for (const at of [1, 2, 3]) {
    const { id } = await activate(activation(stack.account, { devices: devices(1, at) }));
    if (at === 1) await until(async () => (await show(id)).error?.code === 'RATE_LIMITED');
    ids.push(id);
  }
  const waiting = await Promise.all(ids.map(show));
  for (const { status, queue } of waiting) {
    expect(status).toBe('QUEUED');
    const expectedAt = Date.parse(queue?.expectedAt ?? '');
    expect(expectedAt).toBeGreaterThan(begun + seconds * 1000 - 1_001);
    expect(expectedAt).toBeLessThan(Date.now() + seconds * 1000 + 1);
  }
  expect(waiting.map(({ carrierRequests }) => carrierRequests[0]?.attempts)).toEqual([1, 0, 0]);
  const { data } = await stack.query<{ resumeProfile: { request: { id: string } } }>(
    `mutation ($input: ResumeProfileInput!) { resumeProfile(input: $input) { ... on ResumeProfileAccepted { request { id } } } }`,
    { input: { accountName: stack.account, devices: [{ deviceIds: [{ kind: 'ICCID', value: iccid(9) }] }] } },
  );
  expect((await ended(data?.resumeProfile.request.id ?? '')).status).toBe('SUCCEEDED');
  expect(stack.simulator.ledger.counts.calls['activate']).toBe(1);
});

test.concurrent.each([
  ['1', '1'],
  ['0', '0'],
  ['a negative number', '-30'],
  ['a date in the past', 'Sun, 06 Nov 1994 08:49:37 GMT'],
])('after 429 with Retry-After of %s every request goes out, none lost and none doubled', async (_what, retryAfter) => {
  await using stack = await startStack({ env: SHORT });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.status('activate', 429, { retryAfter, times: 2 });
  const made = await Promise.all([1, 2, 3, 4].map((at) => activate(activation(stack.account, { devices: devices(1, at) }))));
  const requests = await Promise.all(made.map(({ id }) => ended(id)));
  expect(requests.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'SUCCEEDED'));
  expect([...stack.simulator.ledger.performedPerDevice().values()]).toEqual([1, 1, 1, 1]);
  expect(requests.reduce((sum, { carrierRequests }) => sum + (carrierRequests[0]?.attempts ?? 0), 0)).toBe(6);
  expect(stack.simulator.ledger.counts.calls['activate']).toBe(6);
});

test.concurrent('a request that has waited too long in the queue is CANCELLED with WAITED_TOO_LONG when its time is over, and is not sent', async () => {
  await using stack = await startStack({
    env: { M2M_SUBMIT_WAIT_MS: '50', M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '1', M2M_EXPIRE_AFTER_MS: '700', M2M_OVERDUE_AFTER_MS: '500' },
  });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const sent = await activate(activation(stack.account, { devices: devices(1, 1) }));
  const waiting = await activate(activation(stack.account, { devices: devices(1, 2) }));
  expect(waiting.status).toBe('QUEUED');
  expect(await ended(waiting.id)).toMatchObject({
    status: 'CANCELLED',
    error: { code: 'WAITED_TOO_LONG' },
    carrierRequests: [{ state: 'CANCELLED', attempts: 0 }],
    progress: { cancelled: 1 },
  });
  expect((await ended(sent.id)).status).toBe('SUCCEEDED');
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test.concurrent('a request that the carrier puts off again and again is CANCELLED when its time is over', async () => {
  await using stack = await startStack({ env: { ...SHORT, M2M_EXPIRE_AFTER_MS: '1500', M2M_OVERDUE_AFTER_MS: '500' } });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.status('activate', 429, { retryAfter: '1', times: Number.POSITIVE_INFINITY });
  const { id } = await activate(activation(stack.account));
  expect(await ended(id)).toMatchObject({ status: 'CANCELLED', error: { code: 'WAITED_TOO_LONG' }, progress: { cancelled: 2 } });
  expect(stack.simulator.ledger.performedPerDevice().size).toBe(0);
});
