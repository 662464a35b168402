import { afterAll, beforeAll, describe, test } from 'vitest';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { goThrough, type Outage, type Place } from './outage.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`That the database may go away for long is not tested: ${reason}.\n`);

const allowConnections = ({ server, url }: Pick<Place, 'server' | 'url'>, isAllowed: boolean) =>
  server.client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} ALLOW_CONNECTIONS ${isAllowed}`);

const OUTAGES: readonly Outage[] = [
  { name: 'stopped', begin: ({ server }) => server.stop('fast'), end: ({ server }) => server.start() },
  { name: 'silent', begin: async ({ proxy }) => proxy.freeze(), end: ({ proxy }) => proxy.heal() },
  {
    name: 'there, but it has ended all connections and takes none',
    begin: async (place) => {
      await allowConnections(place, false);
      await place.server.client.cutConnections(place.url);
    },
    end: async (place) => {
      await allowConnections(place, true);
    },
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
