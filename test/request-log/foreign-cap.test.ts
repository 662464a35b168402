import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { CallbackReceiver } from '../../src/resolvers/callbacks/receive-callback.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, submitted } from './contract-support.ts';

/** How many callbacks of other accounts' requests a listener keeps. */
const DEAD_LETTER = 10_000;

test('past the cap a callback of another account’s request is reported as dropped; a resend of a kept one is still reported as kept', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  const receive = async (log: ReturnType<typeof openLog>, comment: string, account = 'account-2') => {
    const receiver = new CallbackReceiver({
      requestLog: log,
      credentials: null,
      requireCredentials: false,
      deadLettersPerReason: 10,
      now: Date.now,
    });
    const bytes = Buffer.from(JSON.stringify({ requestId: 'of-account-1', status: 'Pending', comment }));
    const { outcome } = await receiver.receive({ account, service: 'CarrierService', bytes, contentType: null });
    return outcome;
  };
  {
    await using log = openLog(path);
    await submitted(log, [A], 'of-account-1');
    expect(await receive(log, 'first')).toBe('FOREIGN');
  }
  const db = new DatabaseSync(path);
  db.exec(`WITH RECURSIVE n (at) AS (SELECT 2 UNION ALL SELECT at + 1 FROM n WHERE at < ${DEAD_LETTER})
    INSERT INTO kept_message (account, service, received_at, reason, digest, body)
    SELECT 'account-2', 'CarrierService', 1, 'FOREIGN_REQUEST', CAST(at AS BLOB), x'00' FROM n`);
  db.close();
  await using log = openLog(path);
  expect(await receive(log, 'first')).toBe('FOREIGN');
  expect(await receive(log, 'second')).toBe('DROPPED');
  expect(await receive(log, 'second', 'account-1')).toBe('APPLIED');
});
