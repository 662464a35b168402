import type { Edit } from '../../support/planted-tree.ts';

/**
 * Sets every bound of the log's memory and steps so low that a few requests exceed it. Rows that are forgotten
 * and read again must change nothing.
 */
export const SMALL_MEMORY: readonly Edit[] = [
  {
    file: 'datasources/request-log/sqlite/request-folds.ts',
    find: 'const CACHED_DEVICES = 150_000;',
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
  { file: 'datasources/request-log/sqlite/recent-rows.ts', find: 'const ROWS_OF_ONE = 2_048;', replace: 'const ROWS_OF_ONE = 4;' },
  { file: 'datasources/request-log/sqlite/recent-rows.ts', find: 'const ROWS_OF_ALL = 20_000;', replace: 'const ROWS_OF_ALL = 6;' },
  {
    file: 'datasources/request-log/sqlite/index-identifiers.ts',
    find: 'const INDEXED_AT_ONCE = 500;',
    replace: 'const INDEXED_AT_ONCE = 2;',
  },
];
