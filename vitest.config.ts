import { configDefaults, defineConfig } from 'vitest/config';

/** Campaigns, soaks, searches, browsers, and processes that are killed. They take minutes: `npm run test:long`. */
export const LONG = [
  'test/bench/parts.test.ts',
  'test/browser/**/*.test.ts',
  'test/canary/{crashes,database,faults,planted-leaks,trips}.test.ts',
  'test/clients/examples.test.ts',
  'test/crash/**/*.test.ts',
  'test/deploy/start-image.test.ts',
  'test/end-to-end/purge.test.ts',
  'test/failing-well/**/*.test.ts',
  'test/floods/{many-aborts,unread-answers}.test.ts',
  'test/limits/cost-bounds-long.test.ts',
  'test/planted-bugs/planted-bugs.test.ts',
  'test/project/package.test.ts',
  'test/replicas/{replica-rules,database-away-ends,database-away-long,start-away-long,frozen-gateway}.test.ts',
  'test/observability/traces.test.ts',
  'test/request-log/{copy-store,damaged-log-campaign,postgres-plain}.test.ts',
  'test/request-log/property/{interleavings,postgres-interleavings,planted-bugs}.test.ts',
  'test/subscriptions/resume.test.ts',
  'test/two-threads/two-threads.test.ts',
];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...LONG],
    // They end what hangs, on a busy machine too. No test is about its speed.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Starts PostgreSQL when the first test asks for it.
    globalSetup: ['test/support/postgres-of-run.ts'],
    pool: 'forks',
    // More than the cores of a small machine: many tests wait for a pause or a timer.
    maxWorkers: 4,
    // Files share the modules of their worker. That takes a third less time.
    isolate: false,
    // Node itself strips the types, so the tests run the same modules as the gateway.
    experimental: { viteModuleRunner: false },
  },
});
