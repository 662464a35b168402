import { expect } from 'vitest';
import type { PostgresServer } from '../support/postgres-server.ts';
import { readMetric } from '../support/read-metric.ts';
import { until } from '../support/until.ts';
import { startCallbackLanes } from './callback-lanes.ts';
import { health, settle, startPlace, untilEmptied, type Outage } from './outage.ts';

/** A gateway that waits for its database has these open. */
export const WAITING = { listeners: ['admin', 'callbacks'] } as const;

const NOT_ANSWERED = 'failing: The database has not answered yet.';

/** Starts gateways again and again while the database is away, the first one with a new journal, and ends them in each way. */
export async function startWhileAway(outage: Outage, server: PostgresServer): Promise<void> {
  await using place = await startPlace(server, { listeners: ['admin'], begin: outage.begin });
  const { stack, url } = place;
  await until(() => stack.gateway.output().includes('"store_awaited"'));
  const starting = expect.stringContaining('the journal is new') as string;
  expect(await health(stack, '/health/ready/callbacks')).toMatchObject({
    status: 503,
    body: { ready: false, checks: { store: NOT_ANSWERED, journal: 'ok', starting } },
  });
  await outage.end(place);
  await until(() => stack.gateway.graphql !== '');
  await using lanes = startCallbackLanes(() => stack.callbackUrl());
  await lanes.more(20);

  for (const [signal, how] of [
    ['SIGKILL', 'SIGKILL'],
    ['SIGTERM', 0],
    ['SIGKILL', 'SIGKILL'],
  ] as const) {
    await outage.begin(place);
    stack.gateway.kill(signal);
    expect(await stack.gateway.exited).toBe(how);
    await stack.restart(WAITING);
    await lanes.more(40);
  }
  expect(await health(stack, '/health/live')).toMatchObject({ status: 200 });
  expect(await health(stack, '/health/ready')).toMatchObject({ status: 503, body: { ready: false, checks: { store: NOT_ANSWERED } } });
  expect(await health(stack, '/health/ready/callbacks')).toMatchObject({
    status: 200,
    body: { ready: true, checks: { store: NOT_ANSWERED, journal: expect.stringMatching(/messages wait/) as string } },
  });
  expect(await readMetric(stack.gateway.admin, 'm2m_journal_messages')).toBeGreaterThan(100);

  await outage.end(place);
  await until(() => stack.gateway.graphql !== '');
  expect(await stack.query('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  await untilEmptied(stack);
  await lanes.more(40);
  await settle(`${outage.name}: started while it was away`, lanes, url);
  expect(await readMetric(stack.gateway.admin, 'm2m_journal_messages')).toBe(0);
  const told = [...stack.gateway.output().matchAll(/"store_(?:awaited|answered)"/g)].map(([event]) => event);
  expect(told).toEqual(['"store_awaited"', '"store_answered"']);
}
