import { afterAll, beforeAll, describe, test } from 'vitest';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { goThrough, type Outage } from './outage.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`That the database may go away is not tested: ${reason}.\n`);

const OUTAGES: readonly Outage[] = [
  { name: 'crashed', begin: ({ server }) => server.stop('immediate'), end: ({ server }) => server.start() },
  {
    name: 'cut off',
    begin: async ({ proxy }) => {
      await proxy.refuse();
      proxy.cut();
    },
    end: ({ proxy }) => proxy.heal(),
  },
];

describe.skipIf(reason !== null)('a gateway whose database is away', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(OUTAGES)('$name: callbacks are taken, callers are told, a subscriber waits, and all is well when it is back', (outage) =>
    goThrough(outage, server),
  );
});
