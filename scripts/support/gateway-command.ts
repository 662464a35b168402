import { existsSync } from 'node:fs';
import type { Config } from '../../src/config/config.ts';
import { readStoreKeys } from '../../src/config/read-store-keys.ts';
import type { AuditRecord } from '../../src/datasources/request-log/audit-trail.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { openSqliteStore } from '../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/datasources/request-log/store.ts';
import { GatewayError } from '../../src/errors.ts';
import { resumeClock } from '../../src/gateway/start-clock.ts';
import type { ClockJump } from '../../src/lib/judge-clock.ts';
import { describeOff, machineClocks, SteadyClock } from '../../src/lib/steady-clock.ts';
import { recordCommand, type RecordedCommand } from '../../src/resolvers/access/record-command.ts';
import { askGateway, type AdminRequest } from './ask-gateway.ts';

/**
 * A command of an operator: the request to a running gateway, and the same work on the store where no gateway runs.
 * A POST changes something. The audit log has it under the name of its path: `/store/purge` is `store.purge`.
 */
export interface GatewayCommand<Result> extends AdminRequest {
  /** `now` goes by the wall clock of this machine where the store's mark of the last gateway does not contradict it. */
  readonly work: (store: Store, config: Config, now: () => number) => Promise<Result>;
  /** The id of the thing it was done to, for the audit log. */
  readonly subject?: RecordedCommand<Result>['subject'];
  /** The command is of use before the first start of the gateway: it makes a store where there is none. */
  readonly makesStore?: true;
}

/** Asks the running gateway to do it. Where none runs it does the work on the store, and no gateway can start meanwhile. */
export async function perform<Result>(command: GatewayCommand<Result>, config: Config): Promise<Result> {
  const asked = await askGateway<Result>(command, config);
  if (asked !== null) return asked;
  const { method, path, work, subject, makesStore = false } = command;
  const clock = new SteadyClock(machineClocks(), () => undefined);
  await using store = await openStore(config, makesStore, clock.now);
  // A mark of the clock is of one machine, and a database is shared by several.
  if (config.storeUrl === null) await resumeClock(clock, store.facts);
  if (clock.jump) tellJump(clock.jump);
  const done = () => work(store, config, clock.now);
  if (method === 'GET') return await done();
  const action = path.replace(/\?.*/, '').slice(1).replace('/', '.');
  return await recordCommand(store.audit, { caller: 'command-line', action, work: done, ...(subject && { subject }) });
}

async function openStore(config: Config, makesStore: boolean, now: () => number): Promise<Store> {
  const { storePath, storeUrl: url, storeUnsynced: allowsUnsynced } = config;
  const keys = readStoreKeys(config);
  const hub = new Hub({ tickMs: () => 0 });
  if (url !== null) return openPostgresStore({ url, keys, hub, now, allowsUnsynced, onAuditFailed: tellUnrecorded });
  if (!makesStore && !existsSync(storePath))
    throw new GatewayError(
      'STORE_UNUSABLE',
      `There is no store at ${storePath}: the first start of the gateway makes it. Check M2M_STORE_PATH.`,
    );
  return openSqliteStore({
    path: storePath,
    keys,
    hub,
    now,
    onAuditFailed: tellUnrecorded,
    onFatal: (error) => {
      throw error;
    },
  });
}

function tellJump({ byMs }: ClockJump): void {
  process.stderr.write(
    `The clock of this machine is ${describeOff(byMs)} of the time that the last gateway went by. This command goes by that time.\n`,
  );
}

/** A command that was done stays done. Its caller is told that the audit log lacks it. */
function tellUnrecorded(records: readonly AuditRecord[], error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  for (const { action, outcome } of records)
    process.stderr.write(`The audit log lacks this: ${action}, ${outcome}. It could not be written: ${why}\n`);
}
