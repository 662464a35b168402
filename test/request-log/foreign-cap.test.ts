import { expect, test } from 'vitest';
import { CallbackReceiver } from '../../src/resolvers/callbacks/receive-callback.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, submitted } from './contract-support.ts';
import { storeOf } from '../support/flat-store.ts';

test('past the bound a callback of another account’s request is refused; a resend of a kept one is still reported as kept', async () => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/log.sqlite`, { limits: { messages: 3 } });
  const receiver = new CallbackReceiver({ store: storeOf(log), credentials: null, requireCredentials: false, now: Date.now });
  const receive = async (comment: string, account = 'account-2') => {
    const bytes = Buffer.from(JSON.stringify({ requestId: 'of-account-1', status: 'Pending', comment }));
    const { outcome } = await receiver.receive({ account, service: 'CarrierService', bytes, contentType: null });
    return outcome;
  };
  await submitted(log, [A], 'of-account-1');
  for (const comment of ['1', '2', '3']) expect(await receive(comment)).toBe('FOREIGN');
  expect(await receive('1')).toBe('FOREIGN');
  expect(await receive('4')).toBe('PATH_FULL');
  expect(await receive('4', 'account-1')).toBe('APPLIED');
});
