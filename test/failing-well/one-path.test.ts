import { DatabaseSync } from 'node:sqlite';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { LOG_LIMITS } from '../../src/datasources/request-log/log-limits.ts';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** As a gateway without a bound for one id has left them. */
const MESSAGES = 150_000;
/** To fold them all would take several times as much. */
const HEAP_MB = 160;

test('a store full of messages for one unknown id ends neither the process nor a start after it, and hurts no other account', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  const [account = '', other = ''] = simulator.accounts;
  await openLog(path)[Symbol.asyncDispose]();
  fill(path, account);
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

function fill(path: string, account: string): void {
  const db = new DatabaseSync(path);
  db.prepare(`WITH RECURSIVE n (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < ?)
    INSERT INTO unclaimed (account, service, carrier_request_id, received_at, digest, message)
    SELECT ?, 'CarrierService', 'one-unknown-id', 1, CAST(at AS BLOB), json_object('requestId', 'one-unknown-id', 'status', 'Success',
      'deviceIds', json_array(json_object('kind', 'iccid', 'id', printf('8914800000000%07d', at)))) FROM n`).run(MESSAGES, account);
  db.close();
}

async function unclaimedOf({ admin }: GatewayProcess): Promise<number> {
  const metrics = await (await request(`${admin}/metrics`)).body.text();
  return Number(/^m2m_callbacks_unclaimed (\d+)$/m.exec(metrics)?.[1]);
}
