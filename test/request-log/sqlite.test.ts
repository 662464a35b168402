import { Hub } from '../../src/datasources/request-log/hub.ts';
import { SqliteRequestLog } from '../../src/datasources/request-log/sqlite.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { callbackContract } from './callback-contract.ts';
import type { LogFixture } from './contract-support.ts';
import { forwardContract } from './forward-contract.ts';
import { requestContract } from './request-contract.ts';

async function sqlite(): Promise<LogFixture> {
  const undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const hub = new Hub({ tickMs: () => 5 });
  let now = 1_000;
  return {
    hub,
    open: () =>
      Promise.resolve(
        undo.use(
          new SqliteRequestLog({
            path: `${folder.path}/log.sqlite`,
            hub,
            now: () => now++,
            onFatal: (error) => {
              throw error;
            },
          }),
        ),
      ),
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  };
}

callbackContract('SQLite', sqlite);
requestContract('SQLite', sqlite);
forwardContract('SQLite', sqlite);
