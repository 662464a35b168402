import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { startCallbackLanes } from './callback-lanes.ts';
import { settle, startPlace, untilEmptied, untilJournaled } from './outage.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`That a gateway ends while its database is away is not tested: ${reason}.\n`);

describe.skipIf(reason !== null)('a gateway whose database is away, or another one', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('killed with a full journal, again and again, it empties it after each start, and nothing is lost', async () => {
    await using place = await startPlace(server);
    const { stack } = place;
    await using lanes = startCallbackLanes(() => stack.callbackUrl());
    for (let kill = 0; kill < 3; kill++) {
      await lanes.more(100);
      await place.proxy.refuse();
      place.proxy.cut();
      await untilJournaled(stack);
      stack.gateway.kill('SIGKILL');
      await stack.gateway.exited;
      await place.proxy.heal();
      await stack.restart();
      // The second one is killed again while it may be moving its messages.
      await (kill === 1 ? Promise.resolve() : untilEmptied(stack));
    }
    await settle('killed three times', lanes, place.url);
  });

  test('a standby is promoted behind the same address, and no callback is lost', async () => {
    await using primary = await startPostgres();
    await using standby = await primary.startStandby();
    // From here on a commit waits for both.
    await primary.client.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await primary.client.query('SELECT pg_reload_conf()');
    await using place = await startPlace(primary);
    const { stack, proxy, url } = place;
    await using lanes = startCallbackLanes(() => stack.callbackUrl());
    await lanes.more(200);
    await primary.stop('immediate');
    await lanes.more(100);
    await standby.promote();
    const promoted = standby.url(new URL(url).pathname.slice(1));
    proxy.retarget(promoted);
    await untilEmptied(stack);
    await lanes.more(100);
    expect(lanes.others).toEqual([]);
    await settle('promoted', lanes, promoted);
  });

  test('a gateway stops in time while its database is silent, and the next one moves what it has acknowledged', async () => {
    await using place = await startPlace(server);
    const { stack, proxy } = place;
    await using lanes = startCallbackLanes(() => stack.callbackUrl());
    await lanes.more(100);
    proxy.freeze();
    await untilJournaled(stack);
    const from = performance.now();
    stack.gateway.kill('SIGTERM');
    expect(await stack.gateway.exited).toBe(0);
    const stoppedAfter = Math.round(performance.now() - from);
    await proxy.heal();
    await stack.restart();
    await untilEmptied(stack);
    await settle(`stopped after ${stoppedAfter} ms`, lanes, place.url);
  });
});
