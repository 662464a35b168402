import { request } from 'undici';
import { expect, test } from 'vitest';
import { connect } from 'node:net';
import { once } from 'node:events';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MESSAGES = 150_000;
const CONNECTIONS = 16;
/** Requests that are on their way on one connection. */
const PIPELINED = 64;
/** Folding them all at once would take several times as much. */
const HEAP_MB = 160;

test('messages without end for one unknown id end neither the process nor a start after it, and hold nobody up', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  const env: Readonly<Record<string, string>> = {
    ...gatewayEnv(simulator, `${folder.path}/gateway.sqlite`),
    M2M_ADOPT_AFTER_MS: '1000',
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
  };
  const [account = '', other = ''] = simulator.accounts;
  const pathOf = (of: string) => makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', { account: of, service: 'CarrierService' });
  const post = async ({ callbacks }: GatewayProcess, of: string, id: string) => {
    const answer = await request(`${callbacks}${pathOf(of)}`, { method: 'POST', body: message(id, 1) });
    await answer.body.dump();
    return answer.statusCode;
  };
  {
    await using gateway = await spawnGateway(env);
    const statuses = await flood(gateway.callbacks, pathOf(account));
    expect(Object.keys(statuses).toSorted()).toEqual(['200', '503']);
    expect((statuses[200] ?? 0) + (statuses[503] ?? 0)).toBe(MESSAGES);
    expect(await post(gateway, other, 'of-another')).toBe(200);
    expect((await request(`${gateway.admin}/health/ready`)).statusCode).toBe(200);
    gateway.kill('SIGKILL');
    await gateway.exited;
  }
  await using again = await spawnGateway(env);
  expect(await post(again, other, 'of-another-one')).toBe(200);
  expect([200, 503]).toContain(await post(again, account, 'one-unknown-id'));
  expect((await request(`${again.admin}/health/ready`)).statusCode).toBe(200);
}, 180_000);

function message(id: string, device: number): string {
  const deviceIds = [{ kind: 'iccid', id: `8914800000000${String(device).padStart(7, '0')}` }];
  return JSON.stringify({ requestId: id, deviceIds, status: 'Success', callbackCount: 1, maxCallbackThreshold: 4 });
}

/** Sends the messages over a few connections, several at a time on each. Gives back how often each status was answered. */
async function flood(origin: string, path: string): Promise<Readonly<Record<number, number>>> {
  const { hostname, port } = new URL(origin);
  const statuses: Record<number, number> = {};
  let sent = 0;
  const run = async () => {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const done = Promise.withResolvers<void>();
    let waiting = 0;
    const fill = () => {
      let batch = '';
      while (waiting < PIPELINED && sent < MESSAGES) {
        const body = message('one-unknown-id', sent++);
        batch += `POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
        waiting++;
      }
      if (batch !== '') socket.write(batch);
      else if (waiting === 0) done.resolve();
    };
    let rest = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      rest += chunk;
      for (const [, status] of rest.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
        statuses[Number(status)] = (statuses[Number(status)] ?? 0) + 1;
        waiting--;
      }
      // The head of an answer may come in two pieces.
      rest = /H[\w/. ]{0,14}$/.exec(rest)?.[0] ?? '';
      fill();
    });
    socket.once('error', done.reject).once('close', () => done.reject(new Error('the gateway closed the connection')));
    fill();
    await done.promise;
    socket.destroy();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, run));
  return statuses;
}
