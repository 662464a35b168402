import type { Edit } from '../../support/planted-tree.ts';

/**
 * Sets every bound of the log's memory and steps so low that a few requests exceed it. Rows that are forgotten
 * and read again must change nothing.
 */
export const SMALL_MEMORY: readonly Edit[] = [
  {
    file: 'datasources/request-log/sqlite/request-states.ts',
    find: 'const CACHED_STATES = 20_000;',
    replace: 'const CACHED_STATES = 3;',
  },
  {
    file: 'datasources/request-log/sqlite/requested-devices.ts',
    find: 'const CACHED_DEVICES = 100_000;',
    replace: 'const CACHED_DEVICES = 3;',
  },
  {
    file: 'datasources/request-log/sqlite/sqlite-writer.ts',
    find: '#pks = new BoundedCache<string, number>(100_000);',
    replace: '#pks = new BoundedCache<string, number>(1);',
  },
  {
    file: 'datasources/request-log/sqlite/sqlite-writer.ts',
    find: '#carriers = new BoundedCache<string, Owner>(100_000);',
    replace: '#carriers = new BoundedCache<string, Owner>(1);',
  },
  {
    file: 'datasources/request-log/sqlite/index-identifiers.ts',
    find: 'const INDEXED_AT_ONCE = 500;',
    replace: 'const INDEXED_AT_ONCE = 2;',
  },
];

/**
 * Sets the bounds of all steps so low that other changes come between the parts of one. Against the model they cannot be played,
 * because it does everything at once.
 */
export const SMALL_STEPS: readonly Edit[] = [
  ...SMALL_MEMORY,
  { file: 'datasources/request-log/settle-devices.ts', find: 'const SETTLED_AT_ONCE = 500;', replace: 'const SETTLED_AT_ONCE = 1;' },
  { file: 'datasources/request-log/transition.ts', find: 'const LEARNT_AT_ONCE = 200;', replace: 'const LEARNT_AT_ONCE = 1;' },
  { file: 'datasources/request-log/settle-devices.ts', find: 'const TIED_AT_ONCE = 100;', replace: 'const TIED_AT_ONCE = 1;' },
  {
    file: 'datasources/request-log/sqlite/take-over.ts',
    find: 'const DEVICES_AT_ONCE = 500;',
    replace: 'const DEVICES_AT_ONCE = 1;',
  },
];
