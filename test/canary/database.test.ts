import { expect, test } from 'vitest';
import { plantedTree, type Edit } from '../support/planted-tree.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { readMetric } from '../support/read-metric.ts';
import { runScript } from '../support/run-script.ts';
import { until } from '../support/until.ts';
import { canary } from './canaries.ts';
import { Evidence } from './support/evidence.ts';
import { startGuardedDatabase, type GuardedDatabase } from './support/guarded-database.ts';
import { startGuardedStack, type GuardedStack } from './support/guarded-stack.ts';
import { activated } from './support/marked-callbacks.ts';
import { everything } from './support/marked-inputs.ts';
import { readCarrierData } from './support/carrier-data-trips.ts';
import { deliver, reconcileSilentDevices, runMutations, runUpkeep, sendStrangeMessages, SILENT } from './support/trips.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`A database is not searched for markers: ${reason}.\n`);

const ENV = { M2M_CALLBACK_REGISTER: 'on', M2M_ADOPT_AFTER_MS: '1000', M2M_OVERDUE_AFTER_MS: '400' };

const LEAKS: readonly Edit[] = [
  {
    file: 'datasources/request-log/postgres/seals.ts',
    find: "plain === null || this.keyId === null ? plain : this.#vault.seal(plain, place).toString('base64')",
    replace: "plain === null || this.keyId === null ? plain : Buffer.from(plain + place.slice(0, 0)).toString('base64')",
  },
  { file: 'gateway/intake/open-journaled-store.ts', find: '      keys,\n', replace: '      keys: [],\n' },
];

/** Crashes the database, sends callbacks into the journal meanwhile, and waits until they are moved. */
async function goAway(stack: GuardedStack, { server, url }: GuardedDatabase): Promise<void> {
  const { evidence, gateway } = stack;
  evidence.learn('storeUrlPassword', new URL(url).password);
  evidence.witness('gateway answered', url);
  await server.stop('immediate');
  await deliver(stack, activated('while-the-database-is-away', { password: 'journaledPassword' }));
  await deliver(stack, `{"requestId": "cut", "password": "${canary('journaledText')}`);
  await stack.look();
  await stack.ask('owner', everything('owner'));
  await server.start();
  await until(async () => (await readMetric(gateway.admin, 'm2m_journal_messages')) === 0);
  await until(async () => JSON.stringify(await stack.ask('owner', everything('owner'))).includes(canary('journaledPassword')));
}

test.skipIf(reason !== null)(
  'with a database no marker comes to light either: not in its tables, files and logs, and not in the journal',
  async () => {
    await using database = await startGuardedDatabase();
    await using stack = await startGuardedStack({ database, env: ENV });
    const { evidence } = stack;
    await runMutations(stack);
    await sendStrangeMessages(stack);
    await reconcileSilentDevices(stack);
    await readCarrierData(stack, SILENT[0]);
    await goAway(stack, database);
    await runUpkeep(stack);
    await stack.look();
    expect(await stack.end('SIGTERM')).toBe(0);
    for (const [script, ...args] of [
      ['store', 'verify'],
      ['store', 'stats'],
      ['keys', 'list'],
    ] as const) {
      const { stdout, stderr } = await runScript(script, stack.env, args);
      evidence.note(script === 'store' ? 'output' : 'admin', `npm run ${script}`, stdout + stderr);
    }
    await database.noteLog(evidence, 'sealed store');
    await database.noteFiles(evidence, 'sealed store');
    expect(evidence.leaks()).toEqual([]);
    expect([...evidence.missing('trips'), ...evidence.missing('database')]).toEqual([]);
  },
);

test.skipIf(reason !== null)('what is planted in the database and in the journal is found: values that are not sealed', async () => {
  await using tree = await plantedTree(LEAKS);
  await using database = await startGuardedDatabase();
  await using stack = await startGuardedStack({ database, folder: tree.path });
  const { evidence } = stack;
  await database.server.stop('immediate');
  await deliver(stack, activated('while-the-database-is-away', { password: 'journaledPassword' }));
  await stack.look();
  const inJournal = evidence.leaks();
  await database.server.start();
  await until(async () => (await readMetric(stack.gateway.admin, 'm2m_journal_messages')) === 0);
  await deliver(stack, activated('in-the-database'));
  await stack.look();
  await stack.end('SIGTERM');
  expect(inJournal).toContainEqual(expect.stringMatching(/^journaledPassword in sealed store: journal/));
  expect(evidence.leaks()).toContainEqual(expect.stringMatching(/^devicePassword in sealed store: the table unclaimed/));
  const [log, files] = [new Evidence(), new Evidence()];
  await database.noteLog(log, 'sealed store');
  await database.noteFiles(files, 'sealed store');
  expect(log.leaks()).toContainEqual(expect.stringMatching(/^devicePassword in sealed store/));
  expect(files.leaks()).toContainEqual(expect.stringMatching(/^devicePassword in sealed store: (?:base|pg_wal)/));
});
