import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { activateDevices } from '../../src/operations/activate-devices.ts';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import type { EndpointFault } from '../../simulator/faults/endpoint-faults.ts';
import { iccid } from '../support/devices.ts';
import { carrierClient, type CarrierClient } from '../support/carrier-client.ts';

const NOW = Date.parse('2026-11-22T09:30:00Z');
const throttled = { text: '{"fault":{"code":"900800","message":"Message throttled out","description":"x"}}' };

/** Values of `Retry-After` and the pauses they cause: from 1 second to 5 minutes, 15 seconds when it cannot be read. */
const RETRY_AFTER: readonly (readonly [string | undefined, number])[] = [
  ['7', 7_000],
  ['0', 1_000],
  ['-5', 1_000],
  ['1.5', 1_500],
  ['300', 300_000],
  ['301', 300_000],
  ['99999999999999999999', 300_000],
  ['Sun, 22 Nov 2026 09:30:42 GMT', 42_000],
  ['Sun, 22 Nov 2026 09:00:00 GMT', 1_000],
  ['Tue, 22 Nov 2056 09:30:00 GMT', 300_000],
  ['soon', 15_000],
  ['', 15_000],
  ['Infinity', 15_000],
  [undefined, 15_000],
];

test.each(RETRY_AFTER)('429 with Retry-After %o is NOT_SENT, for %i ms, whatever our clock says', async (retryAfter, retryAfterMs) => {
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator, { now: () => NOW - 3_600_000 });
  const headers = { date: new Date(NOW).toUTCString(), ...(retryAfter !== undefined && { 'retry-after': retryAfter }) };
  simulator.faults.add({ endpoint: 'activate', status: 429, headers });
  const { answer, before } = await perform(client);
  expect(answer).toMatchObject({ type: 'NOT_SENT', code: 'RATE_LIMITED', retryAfterMs });
  expect(before).toBe(1);
  expect(simulator.ledger.counts.calls['activate']).toBe(1);
});

const LIMITED: readonly (readonly [string, Omit<EndpointFault, 'endpoint'>])[] = [
  ['429 of HTML', { status: 429, body: 'html' }],
  ['429 without a body', { status: 429, body: 'empty' }],
  ['503 with the throttling code 900800', { status: 503, body: throttled }],
  ['403 with the throttling code 900800', { status: 403, body: throttled }],
];

test.each(LIMITED)('%s is NOT_SENT and waits', async (_what, rule) => {
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator);
  simulator.faults.add({ endpoint: 'activate', ...rule });
  expect((await perform(client)).answer).toMatchObject({ type: 'NOT_SENT', code: 'RATE_LIMITED', retryAfterMs: 15_000 });
});

test('a refused connection is NOT_SENT', async () => {
  await using simulator = await startSimulator();
  await using gone = await silentServer();
  await gone[Symbol.asyncDispose]();
  await using client = carrierClient(simulator, { apiUrl: `http://127.0.0.1:${gone.port}` });
  expect((await perform(client)).answer).toMatchObject(NOTHING_LEFT);
});

test('a host name that does not resolve is NOT_SENT', async () => {
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator, { apiUrl: 'http://carrier.invalid' });
  expect((await perform(client)).answer).toMatchObject(NOTHING_LEFT);
});

test('a TLS handshake without an answer is a failed connection: NOT_SENT', async () => {
  await using simulator = await startSimulator();
  await using silent = await silentServer();
  await using client = carrierClient(simulator, { apiUrl: `https://127.0.0.1:${silent.port}`, connectTimeoutMs: 200 });
  expect((await perform(client)).answer).toMatchObject(NOTHING_LEFT);
});

test('a connection that is ready only after the time limit carries nothing', async () => {
  await using simulator = await startSimulator();
  await using stopped = await stoppedServer();
  await using client = carrierClient(simulator, { apiUrl: `http://127.0.0.1:${stopped.port}`, timeoutMs: 300, connectTimeoutMs: 10_000 });
  expect((await perform(client)).answer).toMatchObject(NOTHING_LEFT);
  await stopped.resume();
  // Bytes of our connection would have come before this one was answered.
  expect(await stopped.received()).toBe('');
});

test('without a token a request is NOT_SENT, and SENDING is not written', async () => {
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator);
  simulator.faults.status('token', 503, { times: Infinity });
  const { answer, before } = await perform(client);
  expect(answer).toMatchObject({ type: 'NOT_SENT', code: 'CARRIER_UNAVAILABLE' });
  expect(before).toBe(0);
  expect(simulator.ledger.counts.calls).toEqual({ token: 1 });
});

test('when a token is refused again after its renewal, the request is NOT_SENT: two POSTs, none taken on', async () => {
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator);
  simulator.faults.status('activate', 401, { times: 2 });
  const { answer, before } = await perform(client);
  expect(answer).toMatchObject({ type: 'NOT_SENT', code: 'CARRIER_UNAVAILABLE' });
  expect(before).toBe(2);
  expect(simulator.ledger.counts.calls).toEqual({ token: 2, login: 1, activate: 2 });
});

test('a POST that is cut after a refused token and its renewal is UNKNOWN, not sent a third time', async () => {
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator);
  simulator.faults.status('activate', 401);
  simulator.faults.drop('activate', 'before-answer');
  expect((await perform(client)).answer).toMatchObject({ type: 'UNKNOWN' });
  expect(simulator.ledger.counts.calls['activate']).toBe(2);
  expect([...simulator.ledger.performedPerDevice().values()]).toEqual([1]);
});

const NOTHING_LEFT = { type: 'NOT_SENT', code: 'CARRIER_UNAVAILABLE', retryAfterMs: null };

async function perform({ thingSpace }: CarrierClient) {
  let before = 0;
  const devices = [{ deviceIds: [{ kind: 'ICCID', id: iccid(1) }] }];
  const settings = { servicePlan: 'm2m4G2GB', mdnZipCode: '98801', skuNumber: 'VZW1' };
  const answer = await thingSpace.perform(activateDevices.actionOn('0868924207-00001', devices, settings), () => {
    before++;
    return Promise.resolve();
  });
  return { answer, before };
}

/** Accepts connections and sends nothing. */
async function silentServer() {
  const server = createServer((socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => void server.close() };
}

/** A stopped process with a full accept queue: connecting hangs until it continues. It prints the bytes it gets. */
async function stoppedServer() {
  const script = `require('node:net').createServer((s) => { s.on('data', (d) => process.stdout.write(d)).on('error', () => {}); })
    .listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.error(this.address().port); })`;
  const child = spawn(process.execPath, ['-e', script]);
  const [line] = (await once(child.stderr, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 2 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(fillers.map((filler) => once(filler, 'connect')));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    port,
    resume: async () => {
      // It began after ours, and the kernel retries both at the same times. When it is connected, ours is too.
      const later = connect(port, '127.0.0.1').on('error', () => undefined);
      fillers.push(later);
      child.kill('SIGCONT');
      await once(later, 'connect');
    },
    received: async () => {
      const last = connect(port, '127.0.0.1');
      last.end('END');
      await once(child.stdout, 'data');
      return output.replace('END', '');
    },
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
