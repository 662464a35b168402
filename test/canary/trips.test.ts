import { expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';
import { startGuardedStack } from './support/guarded-stack.ts';
import { readCarrierData } from './support/carrier-data-trips.ts';
import { reconcileSilentDevices, runMutations, runUpkeep, sendStrangeMessages, SILENT } from './support/trips.ts';

const ENV = { M2M_CALLBACK_REGISTER: 'on', M2M_ADOPT_AFTER_MS: '1000', M2M_OVERDUE_AFTER_MS: '400' };

test.each([
  { store: 'sealed', plain: false },
  { store: 'plain', plain: true },
])(
  'on every trip that goes well no marker comes to light where it must not, and a $store store keeps none it must not',
  async ({ plain }) => {
    await using stack = await startGuardedStack({ plain, env: ENV });
    const { evidence } = stack;
    await runMutations(stack);
    await sendStrangeMessages(stack);
    await reconcileSilentDevices(stack);
    await readCarrierData(stack, SILENT[0]);
    await runUpkeep(stack);
    await stack.look();
    expect(await stack.end('SIGTERM')).toBe(0);
    const { M2M_THINGSPACE_API_URL: _url, ...env } = stack.env;
    for (const [script, ...args] of [
      ['store', 'verify'],
      ['keys', 'list'],
      ['callbacks', 'list'],
    ] as const) {
      const { stdout, stderr } = await runScript(script, { ...env, M2M_THINGSPACE_API_URL: stack.carrier.url }, args);
      evidence.note(script === 'store' ? 'output' : 'admin', `npm run ${script}`, stdout + stderr);
    }
    expect(evidence.leaks()).toEqual([]);
    expect(evidence.missing('trips')).toEqual([]);
  },
);
