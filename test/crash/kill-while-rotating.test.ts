import { request } from 'undici';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import type { RegistrationReport } from '../../src/resolvers/callbacks/callback-registrations.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { storedMarkers } from '../support/stored-markers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

/** The calls to the carrier at which the rotating gateway is killed, counted from the command. It dies when the carrier has the call. */
const KILLED_AT = [
  ['callbackList', 1],
  ['callbackRegister', 1],
  // One more than there are listeners, because the calls that the rotation before left undone come first.
  ['callbackRegister', 4],
  ['callbackRegister', 2],
  ['callbackRegister', 3],
] as const;

test('a gateway killed at any call of a rotation, and of the next one, takes the callbacks at every URL that the carrier then has', async () => {
  await using folder = await tempFolder();
  await using simulator = await startSimulator({ magicIdentifiers: false, accounts: ['0868924207-00001'] });
  const env = await fixedEnv(simulator, folder.path);
  const account = simulator.accounts[0] ?? '';
  const calls = (name: string) => (simulator.ledger.counts.calls as Readonly<Record<string, number>>)[name] ?? 0;
  const sent = new Set<number>();
  /** Sends a callback as the carrier does, to every URL that it has now. */
  const deliver = async (): Promise<number[]> => {
    const statuses: number[] = [];
    for (const { url } of simulator.listeners(account)) {
      const number = sent.size;
      sent.add(number);
      const body = JSON.stringify({ requestId: 'of-another-tool', status: 'Success', comment: `marker ${number}.` });
      const answer = await request(url, { method: 'POST', body });
      await answer.body.dump();
      statuses.push(answer.statusCode);
    }
    return statuses;
  };
  const command = async (admin: string, path: string) => {
    const answer = await request(`${admin}${path}`, { method: 'POST' });
    return { status: answer.statusCode, body: await answer.body.json() };
  };
  {
    await using gateway = await spawnGateway(env);
    expect(await command(gateway.admin, '/callbacks/register')).toMatchObject({ status: 200 });
  }
  const urls = new Set<string>();
  for (const [call, count] of KILLED_AT) {
    await using gateway = await spawnGateway(env);
    expect(await deliver()).toEqual([200, 200, 200]);
    for (const { url } of simulator.listeners(account)) urls.add(url);
    const before = calls(call);
    // The carrier holds its answer, so the gateway does nothing more before it is killed.
    for (let at = 1; at <= count; at++) simulator.faults.endpoints.add({ endpoint: call, latencyMs: at < count ? 0 : 300 });
    const rotation = command(gateway.admin, '/callbacks/rotate?force=true').catch(() => 'no answer');
    await until(() => calls(call) >= before + count);
    gateway.kill('SIGKILL');
    expect([await gateway.exited, await rotation]).toEqual(['SIGKILL', 'no answer']);
  }
  expect(urls.size).toBeGreaterThan(3);
  await using gateway = await spawnGateway(env);
  expect(await deliver()).toEqual([200, 200, 200]);
  // Without force the rotation finishes what the last one left undone.
  const { body } = await command(gateway.admin, '/callbacks/rotate');
  expect((body as { listeners: RegistrationReport[] }).listeners.map(({ state }) => state)).toEqual(['ours', 'ours', 'ours']);
  expect(await deliver()).toEqual([200, 200, 200]);
  const stored = await storedMarkers(gateway.graphql);
  expect([...sent].filter((marker) => !stored.has(marker))).toEqual([]);
});
