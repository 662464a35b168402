import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { nextMigration } from '../support/next-version.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { callbackMessage } from '../support/callback-message.ts';
import type { FlatStore } from '../support/flat-store.ts';
import { callbackContract } from './callback-contract.ts';
import { changesContract } from './changes-contract.ts';
import { A, submitted } from './contract-support.ts';
import { forwardContract } from './forward-contract.ts';
import { leaseContract } from './lease-contract.ts';
import { postgresFixture } from './postgres-fixture.ts';
import { openDatabase } from './postgres-support.ts';
import { brokenBy, recordStatements, type RecordedStatements } from './recorded-statements.ts';
import { requestContract } from './request-contract.ts';
import { settlingContract } from './settling-contract.ts';
import { retryContract } from './retry-contract.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`The store on PostgreSQL is not tested: ${reason}.\n`);

// Sealed, as in production. The long tests have it without keys.
describe.skipIf(reason !== null)('sealed', () => {
  const name = 'PostgreSQL, sealed';
  let recorded: RecordedStatements;
  beforeAll(() => {
    recorded = recordStatements();
  });
  afterAll(() => recorded[Symbol.dispose]());
  const start = () => postgresFixture(openPostgresStore, [Buffer.alloc(32, 'k')]);
  callbackContract(name, start);
  changesContract(name, start);
  requestContract(name, start);
  settlingContract(name, start);
  retryContract(name, start);
  leaseContract(name, start);
  forwardContract(name, start);

  // The last one: it is about what the others have asked.
  test('every statement goes on as it was prepared when a newer version adds to the tables', async () => {
    await using database = await openDatabase();
    await keepUp(await database.open({ keys: [Buffer.alloc(32, 'k')] }));
    expect(recorded.texts.size).toBeGreaterThan(100);
    const wrong = 'SELECT * FROM fact';
    const broken = await brokenBy(await nextMigration(), [...recorded.texts, wrong], database.url);
    expect([...broken]).toEqual([[wrong, expect.stringContaining('must not change result type')]]);
  });
});

/** What the contracts leave out: upkeep, the audit log, figures. */
async function keepUp(log: FlatStore): Promise<void> {
  await submitted(log, [A], 'known');
  await log.append(callbackMessage({ id: 'another', forward: true }));
  await log.recordAudit([{ caller: 'alice', action: 'a', account: 'account-1', devices: 1, subject: null, outcome: 'CREATED' }]);
  await log.auditEntries({ accounts: ['account-1'], caller: 'alice' }, null, 10);
  await log.forwards({ account: 'account-1', service: 'CarrierService' }, 10);
  await log.upkeep.indexIdentifiers();
  while (!(await log.upkeep.resealStep()).done);
  while (!(await log.upkeep.purgeStep(10_000)).done);
  await log.upkeep.notePurge({ requests: 0, messages: 1, rows: 1 });
  await log.upkeep.stats();
  await log.upkeep.lastTimes();
  await log.keys.list();
  await log[Symbol.asyncDispose]();
}
