import { request } from 'undici';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { startPreviousListener } from '../support/previous-listener.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const CALLBACKS = 150;
/** The deliveries at which the gateway dies: while the listener has one and has not answered it, or just after its answer. */
const KILL_AT = [1, 60, 61];

test(`a backlog for the previous listener survives ${KILL_AT.length + 1} kill -9: it is delivered in order, nothing is lost, and only copies that were on their way are repeated`, async () => {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false }));
  const folder = undo.use(await tempFolder());
  const answered: string[] = [];
  const killed = new Set<number>();
  /** The gateway that runs. It may forward before it reports its start. */
  let running = Promise.withResolvers<GatewayProcess>();
  let up = false;
  const listener = undo.use(
    await startPreviousListener(async (_at, { body }) => {
      if (!up) return 503;
      const gateway = await running.promise;
      const { comment } = JSON.parse(body.toString()) as { comment: string };
      answered.push(comment);
      const due = KILL_AT.find((at) => !killed.has(at) && new Set(answered).size >= at);
      if (due === undefined) return 200;
      killed.add(due);
      running = Promise.withResolvers();
      gateway.kill('SIGKILL');
      return killed.size % 2 === 0 ? 200 : 'HANG';
    }),
  );
  const env = gatewayEnv(simulator, `${folder.path}/gateway.sqlite`);
  env['M2M_CALLBACK_FORWARD'] = `CarrierService=${listener.url}`;
  const account = simulator.accounts[0] ?? '';
  const path = makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', { account, service: 'CarrierService' });
  const names = Array.from({ length: CALLBACKS }, (_, at) => String(at));

  {
    await using gateway = await spawnGateway(env);
    for (const comment of names) {
      const body = JSON.stringify({ requestId: 'of-another-tool', comment, status: 'Success' });
      const { statusCode, body: answer } = await request(`${gateway.callbacks}${path}`, { method: 'POST', body });
      await answer.dump();
      expect(statusCode).toBe(200);
    }
    gateway.kill('SIGKILL');
    await gateway.exited;
  }
  up = true;
  while (new Set(answered).size < CALLBACKS) {
    await using gateway = await spawnGateway(env);
    running.resolve(gateway);
    const dead = gateway.exited.then(() => 'dead');
    await Promise.race([dead, until(() => new Set(answered).size === CALLBACKS)]);
  }

  // Each repetition follows its message directly, at a place where a gateway died.
  expect(answered.filter((name, at) => name !== answered[at - 1])).toEqual(names);
  expect(answered.length - CALLBACKS).toBeLessThanOrEqual(KILL_AT.length);
});
