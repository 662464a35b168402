import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { callbackContract } from './callback-contract.ts';
import { forwardContract } from './forward-contract.ts';
import { leaseContract } from './lease-contract.ts';
import { postgresFixture } from './postgres-fixture.ts';
import { requestContract } from './request-contract.ts';
import { retryContract } from './retry-contract.ts';

for (const [name, keys] of [
  ['PostgreSQL', []],
  ['PostgreSQL, sealed', [Buffer.alloc(32, 'k')]],
] as const) {
  const start = () => postgresFixture(openPostgresStore, keys);
  callbackContract(name, start);
  requestContract(name, start);
  retryContract(name, start);
  leaseContract(name, start);
  forwardContract(name, start);
}
