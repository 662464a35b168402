import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { followUp } from '../../src/gateway/follow-up.ts';
import type { SharedParts } from '../../src/gateway/shared-parts.ts';
import type { Reconciler } from '../../src/resolvers/requests/reconcile-requests.ts';
import { COMPLETE_ENV } from '../support/complete-env.ts';

test('a stop waits for the step of tidying that runs, and not for the 19 behind it', async () => {
  const steps = new EventTarget();
  let begun = 0;
  const endless = async () => {
    begun++;
    steps.dispatchEvent(new Event('begun'));
    await delay(20);
    return { resolved: [], adopted: [], done: false };
  };
  const store = { unclaimed: { settleUnclaimed: endless }, upkeep: { takeOver: endless, indexIdentifiers: endless } };
  const undo = new AsyncDisposableStack();
  const config = { ...readConfig(COMPLETE_ENV), adoptAfterMs: 1 };
  const parts = { store, undo, logger: null, now: Date.now } as unknown as SharedParts;
  followUp(config, parts, { tick: () => Promise.resolve() } as unknown as Reconciler);
  await once(steps, 'begun');
  await undo.disposeAsync();
  expect(begun).toBe(1);
});
