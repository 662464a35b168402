import { expect, test } from 'vitest';
import { RequestDocument } from '../../documents/gql/graphql.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { iccid } from '../support/devices.ts';
import { follow } from '../support/follow.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack } from '../support/stack.ts';

const DEVICES = 10_000;
const WITHHELD = 37;

const OVERDUE_AFTER_MS = 1_500_000;
const ENV = { M2M_OVERDUE_AFTER_MS: String(OVERDUE_AFTER_MS), M2M_RECONCILE_CALLS_PER_MINUTE: '100000' };

test(`of ${DEVICES} callbacks ${WITHHELD} never come: exactly those are overdue, and are settled by the carrier's device list`, async () => {
  let skippedMs = 0;
  const clocks = { now: () => Date.now() + skippedMs, uptime: () => performance.now() + skippedMs };
  await using stack = await startStack({ env: ENV, clocks });
  const silent = Array.from({ length: WITHHELD }, (_, at) => 1 + at * 271);
  stack.simulator.faults.callbacks.withholdDevices = silent.map((number) => iccid(number));
  stack.simulator.holdCallbacks();
  const { id } = await activateDevices(stack, DEVICES);
  const overdue = new Set<number>();
  let last = null;
  let isReleased = false;
  for await (const event of follow(stack.client(), { id, batchSize: 1000 })) {
    for (const { index, status } of event.outcomes) if (status === 'OVERDUE') overdue.add(index);
    last = event;
    // Only now, because a subscription that begins while too many callbacks come may be refused.
    if (!isReleased) stack.simulator.releaseCallbacks();
    isReleased = true;
    // However long the others took, the time of the rest comes only now.
    if (event.progress.pending === WITHHELD) skippedMs = OVERDUE_AFTER_MS;
  }
  expect([...overdue].sort((left, right) => left - right)).toEqual(silent.map((number) => number - 1));
  expect(last).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: DEVICES, overdue: 0, expired: 0 } });
  const { request } = await runDocument(stack.gateway.urls.graphql, RequestDocument, { id, first: 1 });
  expect(request?.outcomes.nodes[0]).toMatchObject({ status: 'SUCCEEDED', source: 'RECONCILED', state: 'active' });
  expect(request?.outcomes.nodes[0]?.deviceIds.map(({ kind }) => kind)).toContain('MDN');
  const { calls } = stack.simulator.ledger.counts;
  expect({ status: calls['requestStatus'], pages: (calls['deviceList'] ?? 0) >= DEVICES / 500 }).toEqual({
    status: undefined,
    pages: true,
  });
});
