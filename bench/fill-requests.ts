import { DatabaseSync } from 'node:sqlite';
import { makeEmptyStore } from './make-empty-store.ts';

/** The first has nine of ten requests, the second one of ten, the third one of 100,000. */
export const ACCOUNTS = ['0868924207-00001', '0868924207-00002', '0868924207-00003'] as const;
/** A device of every tenth request, and one of every 100,000th. */
export const OFTEN = 'ICCID:89148000000000000015';
export const SELDOM = 'ICCID:89148000000000000023';
/** Requests are this far apart, and the first was made at this time. */
export const APART_MS = 1_000;
export const FIRST_AT = 1_760_000_000_000;

/**
 * Makes a store of requests without their logs, written straight into its tables. Of 100,000 one has FAILED, one is of a seldom
 * operation. The last 2,000 are open. As many audit records, one of 100,000 of a seldom caller.
 */
export function fillRequests(path: string, count: number): void {
  makeEmptyStore(path);
  const db = new DatabaseSync(path);
  // A crash while filling only means filling again.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF');
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -524288');
  const numbers = `WITH RECURSIVE n (pk) AS (SELECT 1 UNION ALL SELECT pk + 1 FROM n WHERE pk < ${count})`;
  const account = `CASE WHEN pk % 10 > 0 THEN '${ACCOUNTS[0]}' WHEN pk % 100000 = 0 THEN '${ACCOUNTS[2]}' ELSE '${ACCOUNTS[1]}' END`;
  const isOpen = `pk > ${count} - 2000`;
  db.exec(`INSERT INTO request (pk, id, account, origin, operation, created_by, client_reference, status, total, counts, last_seq,
      indexed_seq, created_at, updated_at, completed_at)
    ${numbers} SELECT pk, printf('req_%026d', pk), ${account}, 'GATEWAY',
      CASE WHEN pk % 100003 = 0 THEN 'RESUME_PROFILE' WHEN pk % 2 = 0 THEN 'ACTIVATE_DEVICES' ELSE 'SUSPEND_DEVICES' END, 'key:bench',
      CASE WHEN pk % 5 = 0 THEN 'order ' || pk END,
      CASE WHEN ${isOpen} THEN 'IN_PROGRESS' WHEN pk % 100019 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END, 20, '[0,0,20,0,0,0,0,0,0]', 23, 23,
      ${FIRST_AT} + pk * ${APART_MS}, ${FIRST_AT} + pk * ${APART_MS}, CASE WHEN ${isOpen} THEN NULL ELSE ${FIRST_AT} + pk * ${APART_MS} END
    FROM n`);
  for (const [key, each] of [
    [OFTEN, 10],
    [SELDOM, 100_000],
  ] as const)
    db.exec(`INSERT INTO identifier (key, request_pk) SELECT '${key}', pk FROM request WHERE pk % ${each} = 0`);
  db.exec(`INSERT INTO audit (pk, at, caller, action, account, outcome)
    ${numbers} SELECT pk, ${FIRST_AT} + pk, iif(pk % 100003 = 0, 'key:seldom', 'key:bench'), 'activateDevices', ${account}, 'CREATED' FROM n`);
  db.close();
}
