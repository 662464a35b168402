import { createClient } from 'graphql-ws';
import { request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { activateDevices } from '../support/activate-devices.ts';
import { deviceCallback } from '../support/device-callback.ts';
import { follow } from '../support/follow.ts';
import { FakeClock, whyNoFaketime } from '../support/libfaketime.ts';
import { startSpawnedStack, type SpawnedStack } from '../support/spawned-stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
const why = whyNoFaketime();
const skipped = why !== null && process.env['CI'] !== 'true';
if (skipped) process.stderr.write(`Processes with a wrong clock are not tested: ${why}.\n`);

/** Devices are soon OVERDUE, which shows that time goes on. The carrier tells nothing of them. */
const ENV = { M2M_OVERDUE_AFTER_MS: '2000', M2M_EXTERNAL_QUIET_MS: '1000' };
const STATE = `query ($id: ID!) { request(id: $id) { status } unclaimedCallbacks { nodes { id } } }`;

async function post(stack: SpawnedStack, body: object): Promise<number> {
  const answer = await request(stack.callbackUrl(), { method: 'POST', body: JSON.stringify(body) });
  await answer.body.dump();
  return answer.statusCode;
}

function told({ gateway }: SpawnedStack, event: string): number {
  return gateway.output().split(`"event":"${event}"`).length - 1;
}

/** Follows a request that is made now until its device is OVERDUE. By then everything that goes by the time has run. */
async function untilOverdue(stack: SpawnedStack, device: number): Promise<void> {
  const { id } = await activateDevices(stack, [device]);
  const client = createClient({ url: stack.gateway.websocket, webSocketImpl: WebSocket });
  for await (const { progress } of follow(client, { id })) if (progress.overdue > 0) break;
  await client.dispose();
}

test.skipIf(skipped)(
  'a gateway process lives through every jump of its wall clock, and through starts with a wrong one, and nothing of it ends',
  { timeout: 120_000 },
  async () => {
    await using folder = await tempFolder();
    const clock = new FakeClock(`${folder.path}/clock`);
    await using stack = await startSpawnedStack({ env: { ...ENV, ...clock.env } });
    stack.simulator.holdCallbacks();
    stack.simulator.faults.status('deviceList', 500, { times: Number.POSITIVE_INFINITY });
    const { id } = await activateDevices(stack, 2);
    const complete = await activateDevices(stack, [3]);
    expect(await post(stack, deviceCallback(complete.carrierRequestId, 3))).toBe(200);
    expect(await post(stack, deviceCallback('of-another-tool', 4))).toBe(200);
    const state = async () => ({
      data: (await stack.query(STATE, { id })).data,
      complete: (await stack.query(STATE, { id: complete.id })).data,
      purged: await (await request(`${stack.gateway.admin}/store/purge`, { method: 'POST' })).body.json(),
    });
    const before = await state();
    expect(before).toMatchObject({ data: { request: { status: 'IN_PROGRESS' } }, purged: { requests: 0 } });
    let device = 10;

    for (const seconds of [31 * DAY_S, -13 * HOUR_S, 14, -14]) {
      const [jumps, ends] = [told(stack, 'clock_jumped'), told(stack, 'clock_back')];
      clock.set(seconds);
      await until(() => told(stack, 'clock_jumped') > jumps);
      await untilOverdue(stack, device++);
      expect(await state()).toEqual(before);
      clock.set(0);
      await until(() => told(stack, 'clock_back') > ends);
    }
    expect(told(stack, 'clock_followed')).toBe(0);

    for (const seconds of [31 * DAY_S, -Math.floor(Date.now() / 1_000)]) {
      stack.gateway.kill('SIGKILL');
      await stack.gateway.exited;
      clock.set(seconds);
      await stack.restart();
      expect(told(stack, 'clock_jumped')).toBeGreaterThan(0);
      await untilOverdue(stack, device++);
      expect(await state()).toEqual(before);
      clock.set(0);
      await until(() => told(stack, 'clock_back') > 0);
      expect(await state()).toEqual(before);
    }
    clock.tidyUp();
  },
);
