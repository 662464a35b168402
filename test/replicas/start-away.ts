import { expect } from 'vitest';
import type { PostgresServer } from '../support/postgres-server.ts';
import { readMetric } from '../support/read-metric.ts';
import type { SpawnedStack } from '../support/spawned-stack.ts';
import { until } from '../support/until.ts';
import { startCallbackLanes } from './callback-lanes.ts';
import { health, settle, startPlace, untilEmptied, type Outage } from './outage.ts';

/** What a gateway has open that waits for its database. */
export const WAITING = { listeners: ['admin', 'callbacks'] } as const;

const NOT_ANSWERED = 'failing: The database has not answered yet.';

/**
 * Starts a gateway with a new journal while the database is away. Then ends it in each way and starts the next one, again while the
 * database is away.
 */
export async function startWhileAway(outage: Outage, server: PostgresServer, ends: readonly ('SIGKILL' | 'SIGTERM')[]): Promise<void> {
  await using place = await startPlace(server, { listeners: ['admin'], begin: outage.begin });
  const { stack, url } = place;
  await until(() => stack.gateway.output().includes('"store_awaited"'));
  const starting = expect.stringContaining('the journal is new') as string;
  expect(await health(stack, '/health/ready/callbacks')).toMatchObject({
    status: 503,
    body: { ready: false, checks: { store: NOT_ANSWERED, journal: 'ok', starting } },
  });
  await outage.end(place);
  await untilOpen(stack);
  await using lanes = startCallbackLanes(() => stack.callbackUrl());
  await lanes.more(20);
  await outage.begin(place);
  for (const signal of ends) {
    stack.gateway.kill(signal);
    expect(await stack.gateway.exited).toBe(signal === 'SIGTERM' ? 0 : signal);
    await stack.restart(WAITING);
    await lanes.more(40);
  }
  expect(await health(stack, '/health/live')).toMatchObject({ status: 200 });
  expect(await health(stack, '/health/ready')).toMatchObject({ status: 503, body: { ready: false, checks: { store: NOT_ANSWERED } } });
  expect(await health(stack, '/health/ready/callbacks')).toMatchObject({
    status: 200,
    body: { ready: true, checks: { store: NOT_ANSWERED, journal: expect.stringMatching(/messages wait/) as string } },
  });
  expect(await readMetric(stack.gateway.admin, 'm2m_journal_messages')).toBeGreaterThan(40);

  await until(() => stack.gateway.output().includes('"store_awaited"'));
  await outage.end(place);
  await untilOpen(stack);
  await untilEmptied(stack);
  await lanes.more(40);
  await settle(`${outage.name}: started while it was away`, lanes, url);
  expect(await readMetric(stack.gateway.admin, 'm2m_journal_messages')).toBe(0);
  const told = [...stack.gateway.output().matchAll(/"store_(?:awaited|answered)"/g)].map(([event]) => event);
  expect(told).toEqual(['"store_awaited"', '"store_answered"']);
}

export async function untilOpen(stack: SpawnedStack): Promise<void> {
  await until(() => stack.gateway.graphql !== '');
  expect(await stack.query('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
}
