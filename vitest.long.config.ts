import { configDefaults, mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base, { LONG } from './vitest.config.ts';

const { test } = base;

/** The files that take longest, the longest first. One that began last would run alone at the end, with the other cores idle. */
const LONGEST = [
  'test/planted-bugs/planted-bugs.test.ts',
  'test/failing-well/mistyped-password.test.ts',
  'test/end-to-end/purge.test.ts',
  'test/failing-well/greedy-memory.test.ts',
  'test/crash/drain.test.ts',
  'test/floods/many-aborts.test.ts',
  'test/request-log/property/planted-bugs.test.ts',
  'test/request-log/property/interleavings.test.ts',
  'test/crash/crash-test.test.ts',
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
