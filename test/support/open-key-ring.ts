import { KeyRing } from '../../src/resolvers/access/key-ring.ts';
import { storeOf } from './flat-store.ts';
import { openLog } from './open-log.ts';
import { tempFolder } from './temp-folder.ts';
import { throwFailure } from './throw-failure.ts';

export const KEY_ACCOUNTS = ['0868924207-00001', '0868924207-00002'] as const;

/** The keys of a store of its own, with a clock that the test sets forward; `reopen` is a restart. */
export async function openKeyRing() {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const path = `${folder.path}/gateway.sqlite`;
  let ahead = 0;
  const now = () => Date.now() + ahead;
  let log = openLog(path);
  undo.defer(() => log[Symbol.asyncDispose]());
  const open = (accounts: readonly string[] = KEY_ACCOUNTS) =>
    KeyRing.open({ store: storeOf(log), accounts, now, onFailure: throwFailure });
  let ring = await open();
  undo.defer(() => ring[Symbol.dispose]());
  const built = undo.move();
  return {
    path,
    now,
    advance: (ms: number) => void (ahead += ms),
    get ring() {
      return ring;
    },
    get store() {
      return log.keys;
    },
    async reopen(accounts?: readonly string[]): Promise<KeyRing> {
      ring[Symbol.dispose]();
      await log[Symbol.asyncDispose]();
      log = openLog(path);
      ring = await open(accounts);
      return ring;
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
