import { Hub } from '../../src/datasources/request-log/hub.ts';
import { SqliteRequestLog } from '../../src/datasources/request-log/sqlite.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { requestLogContract } from './request-log-contract.ts';

requestLogContract('SQLite', async () => {
  const undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const hub = new Hub({ tickMs: 5 });
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
});
