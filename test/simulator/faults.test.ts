import { expect, test } from 'vitest';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { account, byImeiAndIccid } from './support/carrier-client.ts';
import { ManualClock } from './support/manual-clock.ts';
import { openScene } from './support/scene.ts';

const iccid = '89141390780800784259';
const devices = [byImeiAndIccid(iccid)];

async function scene(options: SimulatorOptions = {}) {
  const opened = await openScene(['CarrierService', 'NiddService'], options);
  return { ...opened, state: () => opened.simulator.inventory.byIdentifiers([{ kind: 'iccid', id: iccid }])?.state };
}

test('cuts the connection at each point, with the action performed or not', async () => {
  for (const [drop, performed, done] of [
    ['before-reading', undefined, false],
    ['before-answer', false, false],
    ['before-answer', undefined, true],
    ['mid-body', undefined, true],
  ] as const) {
    await using s = await scene();
    s.simulator.faults.drop('activate', drop, performed === undefined ? {} : { performed });
    await expect(s.client.activate({ devices })).rejects.toThrow();
    await s.simulator.idle();
    expect([drop, performed, s.state() === 'active', s.listener.received.length]).toEqual([drop, performed, done, done ? 1 : 0]);
    expect(s.simulator.ledger.performedPerDevice().get(iccid) ?? 0).toBe(done ? 1 : 0);
    expect((await s.client.activate({ devices })).status).toBe(200);
  }
});

test('answers late, the action performed at once', async () => {
  const clock = new ManualClock();
  await using s = await scene({ clock });
  s.simulator.faults.latency('activate', 5_000);
  let answered = false;
  const answer = s.client.activate({ devices }).finally(() => (answered = true));
  await s.simulator.ledger.until(({ posts }) => posts[0]?.requestId !== undefined);
  await s.client.call('GET', `/plans/${account}`);
  expect(answered).toBe(false);
  clock.advance(5_000);
  expect((await answer).status).toBe(200);
});

test('answers with any status and Retry-After, so many times, without acting unless told to', async () => {
  await using s = await scene();
  const { faults } = s.simulator;
  faults.status('activate', 429, { retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT', times: 2 });
  for (let time = 0; time < 2; time += 1) {
    expect(await s.client.activate({ devices })).toMatchObject({
      status: 429,
      headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' },
      json: { fault: { code: '900800' } },
    });
  }
  expect(s.state()).toBeUndefined();
  for (const status of [408, 500, 502, 503, 504]) {
    faults.status('activate', status);
    expect((await s.client.activate({ devices })).status).toBe(status);
  }
  faults.status('activate', 500, { performed: true });
  await s.client.activate({ devices });
  await s.simulator.idle();
  expect(s.state()).toBe('active');
});

test('answers with bodies that a client must survive', async () => {
  await using s = await scene({ activateRequestsPerMinute: Number.POSITIVE_INFINITY });
  const bodies = {
    empty: '',
    'empty-object': '{}',
    html: expect.stringContaining('<html>'),
    'numeric-request-id': '{"requestId":12345}',
    'truncated-json': expect.stringMatching(/^\{"requestId":"[^"]+$/),
    'xml-fault': expect.stringContaining('<am:fault'),
  } as const;
  for (const [body, text] of Object.entries(bodies)) {
    s.simulator.faults.add({ endpoint: '*', body: body as keyof typeof bodies });
    expect(await s.client.activate({ devices })).toMatchObject({ status: 200, text });
  }
  s.simulator.faults.redirect('plans', 'http://elsewhere.example/');
  const answer = await s.client.call('GET', `/plans/${account}`);
  expect(answer).toMatchObject({ status: 307, headers: { location: 'http://elsewhere.example/' } });
});

test('sends a body without end until the client hangs up', async () => {
  await using s = await scene();
  s.simulator.faults.body('plans', 'endless');
  const controller = new AbortController();
  const response = await fetch(`${s.simulator.url}/m2m/v1/plans/${account}`, {
    headers: { authorization: `Bearer ${s.client.bearer}`, 'vz-m2m-token': s.client.session },
    signal: controller.signal,
  });
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > 4_000_000) break;
  }
  controller.abort();
  expect(size).toBeGreaterThan(4_000_000);
});

test('withholds callbacks by count and by device', async () => {
  await using s = await scene();
  const { callbacks } = s.simulator.faults;
  callbacks.withholdNext = 1;
  await s.client.activated('89141390780800780011');
  callbacks.withholdDevices = ['89141390780800780012'];
  await s.client.activated('89141390780800780012', '89141390780800780013');
  await s.simulator.idle();
  expect(s.listener.messages.map(({ deviceIds }) => deviceIds?.[1]?.id)).toEqual(['89141390780800780013']);
  expect(s.simulator.ledger.lost.map(({ reason }) => reason)).toEqual(['withheld', 'withheld']);
});

test('duplicates, reverses and falsifies callbacks', async () => {
  await using s = await scene({ callbackConcurrency: 1 });
  const { callbacks } = s.simulator.faults;
  callbacks.copies = 3;
  await s.client.activated(iccid);
  await s.simulator.idle();
  expect(s.listener.received).toHaveLength(3);
  s.simulator.faults.clear();

  s.listener.received.length = 0;
  callbacks.reorder = true;
  await s.client.activated('89141390780800780011', '89141390780800780012', '89141390780800780007');
  await s.simulator.idle();
  expect(s.listener.received.map(({ path, body }) => [path, /8914139078080078\d{4}/.exec(body)?.[0]])).toEqual([
    ['/NiddService', '89141390780800780007'],
    ['/CarrierService', '89141390780800780007'],
    ['/CarrierService', '89141390780800780012'],
    ['/CarrierService', '89141390780800780011'],
  ]);
  s.simulator.faults.clear();

  for (const credentials of ['wrong', 'missing'] as const) {
    callbacks.credentials = credentials;
    await s.client.activated('89141390780800780014');
    await s.simulator.idle();
    expect(s.listener.messages.at(-1)?.username).toBe(credentials === 'wrong' ? 'intruder' : undefined);
  }
});

test('sends the callback before the response, which waits for its acknowledgement', async () => {
  await using s = await scene({ callbackDelayMs: [60_000, 60_000] });
  s.simulator.faults.callbacks.timing = 'before-response';
  const order: string[] = [];
  s.listener.answer = (response) => {
    order.push('callback');
    response.end();
  };
  await s.client.activated(iccid);
  order.push('response');
  expect(order).toEqual(['callback', 'response']);
});

test('holds callbacks and releases them later, in any order', async () => {
  await using s = await scene({ callbackConcurrency: 1 });
  s.simulator.holdCallbacks();
  await s.client.activated('89141390780800780011');
  await s.client.activated('89141390780800780012');
  await s.simulator.idle();
  expect([s.simulator.heldCallbacks, s.listener.received.length]).toEqual([2, 0]);
  s.simulator.releaseCallbacks('reverse');
  await s.simulator.idle();
  expect(s.listener.messages.map(({ deviceIds }) => deviceIds?.[1]?.id)).toEqual(['89141390780800780012', '89141390780800780011']);
});

test('pauses delivery and resumes it', async () => {
  await using s = await scene();
  s.simulator.pauseCallbacks();
  await s.client.activated(iccid);
  expect(s.simulator.ledger.counts.callbacksSent).toBe(0);
  s.simulator.resumeCallbacks();
  await s.simulator.idle();
  expect(s.listener.received).toHaveLength(1);
});

test('ten thousand devices make ten thousand callbacks', async () => {
  await using s = await scene({ clock: new ManualClock(), ledger: 'counts', magicIdentifiers: false });
  await s.client.activated(...Array.from({ length: 10_000 }, (_, index) => `891413907808${String(index).padStart(8, '0')}`));
  await s.simulator.idle();
  expect(s.simulator.ledger.counts).toMatchObject({ devicesPosted: 10_000, callbacksAcknowledged: 10_000 });
  expect(s.simulator.ledger.callbacks).toHaveLength(0);
});
