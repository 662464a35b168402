import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openSqliteStore } from '../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { callbackContract } from './callback-contract.ts';
import { changesContract } from './changes-contract.ts';
import type { LogFixture } from './contract-support.ts';
import { forwardContract } from './forward-contract.ts';
import { leaseContract } from './lease-contract.ts';
import { requestContract } from './request-contract.ts';
import { settlingContract } from './settling-contract.ts';
import { retryContract } from './retry-contract.ts';
import { flatten } from '../support/flat-store.ts';

async function sqlite(keys: readonly Uint8Array[] = []): Promise<LogFixture> {
  const undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const hub = new Hub({ tickMs: () => 5 });
  let now = 1_000;
  return {
    hub,
    open: () =>
      Promise.resolve(
        undo.use(
          flatten(
            openSqliteStore({
              path: `${folder.path}/log.sqlite`,
              keys,
              hub,
              now: () => now++,
              onFatal: (error) => {
                throw error;
              },
            }),
          ),
        ),
      ),
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  };
}

for (const [name, keys] of [
  ['SQLite', []],
  ['SQLite, sealed', [Buffer.alloc(32, 'k')]],
] as const) {
  callbackContract(name, () => sqlite(keys));
  changesContract(name, () => sqlite(keys));
  requestContract(name, () => sqlite(keys));
  settlingContract(name, () => sqlite(keys));
  retryContract(name, () => sqlite(keys));
  leaseContract(name, () => sqlite(keys));
  forwardContract(name, () => sqlite(keys));
}
