import { existsSync, readFileSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { LOG_LIMITS } from '../../src/datasources/request-log/log-limits.ts';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** As a gateway without a bound for one id has left them. */
const MESSAGES = 150_000;
/** To fold them all would take several times as much. */
const HEAP_MB = 160;
/** So many come over HTTP until the id is full, and so many more. */
const SENT = 4_000;
const BEYOND = 500;
/** A start reads this much more, and has this much more memory, than one with an empty store. The messages alone have more. */
const MORE_READ_MB = 5;
const MORE_MEMORY_MB = 40;

test('a store full of messages for one unknown id ends neither the process nor a start after it, and hurts no other account', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  const [account = '', other = ''] = simulator.accounts;
  await openLog(path)[Symbol.asyncDispose]();
  fill(path, account, MESSAGES, 1);
  const env: Readonly<Record<string, string>> = {
    ...gatewayEnv(simulator, path),
    M2M_ADOPT_AFTER_MS: '1000',
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
  };
  const post = async ({ callbacks }: GatewayProcess, of: string, id: string) => {
    const url = `${callbacks}${makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', { account: of, service: 'CarrierService' })}`;
    const answer = await request(url, { method: 'POST', body: JSON.stringify({ requestId: id, status: 'Success' }) });
    await answer.body.dump();
    return answer.statusCode;
  };
  const most = LOG_LIMITS.request.strays;
  {
    await using gateway = await spawnGateway(env);
    let posted = 0;
    // Meanwhile the messages become another tool's request, in steps, until it is full.
    while ((await unclaimedOf(gateway)) > MESSAGES - most + posted) expect(await post(gateway, other, `of-another-${posted++}`)).toBe(200);
    expect((await request(`${gateway.admin}/health/ready`)).statusCode).toBe(200);
    gateway.kill('SIGKILL');
    await gateway.exited;
  }
  await using again = await spawnGateway(env);
  expect(await post(again, account, 'one-unknown-id')).toBe(503);
  expect(await post(again, other, 'of-another-one')).toBe(200);
  expect((await request(`${again.admin}/health/ready`)).statusCode).toBe(200);
}, 180_000);

test('messages for one unknown id are taken until it holds as many as it may, and a start with them reads and holds no more than any', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  const [account = '', other = ''] = simulator.accounts;
  const envOf = (store: string): Readonly<Record<string, string>> => ({
    ...gatewayEnv(simulator, `${folder.path}/${store}.sqlite`),
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
  });
  const env = envOf('full');
  const most = LOG_LIMITS.messagesOfId;
  let sent = 0;
  const send = async ({ callbacks }: GatewayProcess, of: string, id: string, total: number) => {
    const path = makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', { account: of, service: 'CarrierService' });
    // No message is like another: that would be taken as a resend.
    const first = sent;
    sent += total;
    const body = (number: number) => ({ requestId: id, status: 'Success', comment: `marker ${first + number}.` });
    await using senders = startCallbackSenders(`${callbacks}${path}`, { senders: 64, total, body });
    await senders.finished;
    return { taken: senders.acknowledged.size, refused: [...senders.others.values()] };
  };
  await openLog(`${folder.path}/full.sqlite`)[Symbol.asyncDispose]();
  // They are too new to become another tool's request.
  fill(`${folder.path}/full.sqlite`, account, most - SENT, Date.now());
  {
    await using gateway = await spawnGateway(env);
    const { taken, refused } = await send(gateway, account, 'one-unknown-id', SENT + BEYOND);
    expect(taken).toBe(SENT);
    expect(refused).toEqual(Array.from({ length: BEYOND }, () => 503));
    expect(await unclaimedOf(gateway)).toBe(most);
    gateway.kill('SIGKILL');
    await gateway.exited;
  }
  const [empty, full] = [
    await leastOfStarts(`${folder.path}/empty.sqlite`, envOf('empty')),
    await leastOfStarts(`${folder.path}/full.sqlite`, env),
  ];
  expect(full.readMb - empty.readMb).toBeLessThan(MORE_READ_MB);
  expect(full.memoryMb - empty.memoryMb).toBeLessThan(MORE_MEMORY_MB);
  await using again = await spawnGateway(env);
  expect(await send(again, account, 'one-unknown-id', 1)).toEqual({ taken: 0, refused: [503] });
  expect(await send(again, account, 'another-id', 1)).toEqual({ taken: 1, refused: [] });
  expect(await send(again, other, 'one-unknown-id', 1)).toEqual({ taken: 1, refused: [] });
  expect(await unclaimedOf(again)).toBe(most + 2);
}, 180_000);

/** What a start reads beside the write-ahead log until it is ready, and the most memory that it had by then: the least of a few starts. */
async function leastOfStarts(
  path: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly readMb: number; readonly memoryMb: number }> {
  const least = { readMb: Infinity, memoryMb: Infinity };
  for (let start = 0; start < 3; start++) {
    const wal = existsSync(`${path}-wal`) ? statSync(`${path}-wal`).size : 0;
    await using gateway = await spawnGateway(env);
    expect((await request(`${gateway.admin}/health/ready`)).statusCode).toBe(200);
    const numberIn = (file: string, pattern: RegExp) => Number(pattern.exec(readFileSync(`/proc/${gateway.pid}/${file}`, 'utf8'))?.[1]);
    least.readMb = Math.min(least.readMb, (numberIn('io', /^rchar: (\d+)$/m) - wal) / 1024 ** 2);
    least.memoryMb = Math.min(least.memoryMb, numberIn('status', /^VmHWM:\s+(\d+) kB$/m) / 1024);
    gateway.kill('SIGKILL');
    await gateway.exited;
  }
  return least;
}

function fill(path: string, account: string, count: number, receivedAt: number): void {
  const db = new DatabaseSync(path);
  db.prepare(`WITH RECURSIVE n (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < ?)
    INSERT INTO unclaimed (account, service, carrier_request_id, received_at, digest, message)
    SELECT ?, 'CarrierService', 'one-unknown-id', ?, CAST(at AS BLOB), json_object('requestId', 'one-unknown-id', 'status', 'Success',
      'deviceIds', json_array(json_object('kind', 'iccid', 'id', printf('8914800000000%07d', at)))) FROM n`).run(
    count,
    account,
    receivedAt,
  );
  db.close();
}

async function unclaimedOf({ admin }: GatewayProcess): Promise<number> {
  const metrics = await (await request(`${admin}/metrics`)).body.text();
  return Number(/^m2m_callbacks_unclaimed (\d+)$/m.exec(metrics)?.[1]);
}
