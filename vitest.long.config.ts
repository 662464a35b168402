import { configDefaults, mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base, { LONG } from './vitest.config.ts';

const { test } = base;

/** The files that take longest, the longest first. One that began last would run alone at the end, with the other cores idle. */
const LONGEST = [
  'test/planted-bugs/planted-bugs.test.ts',
  'test/request-log/property/postgres-interleavings.test.ts',
  'test/failing-well/greedy-memory.test.ts',
  'test/replicas/database-away-long.test.ts',
  'test/crash/crash-test.test.ts',
  'test/replicas/database-away-ends.test.ts',
  'test/replicas/start-away-long.test.ts',
  'test/request-log/property/planted-bugs.test.ts',
  'test/project/package.test.ts',
  'test/request-log/property/interleavings.test.ts',
  'test/end-to-end/purge.test.ts',
  'test/floods/unread-answers.test.ts',
  'test/crash/wrong-clock.test.ts',
  'test/replicas/replica-rules.test.ts',
  'test/crash/drain.test.ts',
  'test/browser/front-end/front-end.test.ts',
  'test/failing-well/one-path.test.ts',
  'test/browser/graphiql.test.ts',
  'test/clients/examples.test.ts',
  'test/crash/kill-while-resealing.test.ts',
  'test/replicas/frozen-gateway.test.ts',
  'test/two-threads/two-threads.test.ts',
  'test/deploy/start-image.test.ts',
  'test/limits/cost-bounds-long.test.ts',
  'test/floods/many-aborts.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default mergeConfig(
  { ...base, test: { ...test, include: [], exclude: [] } },
  { test: { include: LONG, exclude: configDefaults.exclude, sequence: { sequencer: LongestFirst } } },
);
