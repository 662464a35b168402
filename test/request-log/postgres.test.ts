import { describe } from 'vitest';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { callbackContract } from './callback-contract.ts';
import { changesContract } from './changes-contract.ts';
import { forwardContract } from './forward-contract.ts';
import { leaseContract } from './lease-contract.ts';
import { postgresFixture } from './postgres-fixture.ts';
import { requestContract } from './request-contract.ts';
import { settlingContract } from './settling-contract.ts';
import { retryContract } from './retry-contract.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`The store on PostgreSQL is not tested: ${reason}.\n`);

// Sealed, as in production. The long tests have it without keys.
describe.skipIf(reason !== null)('sealed', () => {
  const name = 'PostgreSQL, sealed';
  const start = () => postgresFixture(openPostgresStore, [Buffer.alloc(32, 'k')]);
  callbackContract(name, start);
  changesContract(name, start);
  requestContract(name, start);
  settlingContract(name, start);
  retryContract(name, start);
  leaseContract(name, start);
  forwardContract(name, start);
});
