import { afterAll, beforeAll, describe, test } from 'vitest';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { startWhileAway } from './start-away.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`That a gateway starts while the database is away is not tested: ${reason}.\n`);

describe.skipIf(reason !== null)('a gateway that starts while its database is away', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('refused: takes callbacks with the paths that its journal knows, and opens GraphQL when the database answers', () =>
    startWhileAway(
      {
        name: 'refused',
        begin: async ({ proxy }) => {
          await proxy.refuse();
          proxy.cut();
        },
        end: ({ proxy }) => proxy.heal(),
      },
      server,
    ));
});
