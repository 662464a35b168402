import { configDefaults, defineConfig } from 'vitest/config';

/** Campaigns, soaks and searches that take minutes: `npm run test:long`. */
export const LONG = [
  'test/crash/crash-test.test.ts',
  'test/crash/drain.test.ts',
  'test/crash/kill-while-forwarding.test.ts',
  'test/crash/kill-while-resealing.test.ts',
  'test/crash/wrong-clock.test.ts',
  'test/end-to-end/purge.test.ts',
  'test/failing-well/greedy-memory.test.ts',
  'test/failing-well/one-path.test.ts',
  'test/failing-well/process-limits.test.ts',
  'test/limits/cost-bounds-long.test.ts',
  'test/floods/many-aborts.test.ts',
  'test/planted-bugs/planted-bugs.test.ts',
  'test/request-log/damaged-log-campaign.test.ts',
  'test/request-log/property/interleavings.test.ts',
  'test/request-log/property/planted-bugs.test.ts',
  'test/subscriptions/resume.test.ts',
];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...LONG],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    // Files share the modules of their worker. That takes a third less time.
    isolate: false,
    // Node itself strips the types, so the tests run the same modules as the gateway.
    experimental: { viteModuleRunner: false },
  },
});
