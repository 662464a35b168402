import { DatabaseSync } from 'node:sqlite';

/** Every so many Requests one has FAILED. */
export const RARE = 40_000;

export const idOf = (pk: number) => `req_${String(pk).padStart(26, '0')}`;

/** Fills a closed store with so many Requests. One of them is open and has a reference; one of a thousand is of account b. */
export function fillRequests(path: string, count: number): void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA synchronous = OFF');
  db.prepare(
    `INSERT INTO request (pk, id, account, origin, operation, created_by, client_reference, status, total, counts, last_seq, indexed_seq,
      created_at, updated_at, completed_at)
     WITH RECURSIVE n (pk) AS (SELECT 1 UNION ALL SELECT pk + 1 FROM n WHERE pk < ${count})
     SELECT pk, printf('req_%026d', pk), iif(pk % 1000 = 0, 'b', 'a'), 'GATEWAY', 'ACTIVATE_DEVICES', 'x', iif(pk = 7, 'order 7', NULL),
      CASE WHEN pk % ${RARE} = 0 THEN 'FAILED' WHEN pk = 7 THEN 'IN_PROGRESS' ELSE 'SUCCEEDED' END, 1, '[0,0,1,0,0,0,0,0,0]', 1, 1,
      pk, pk, iif(pk = 7, NULL, pk) FROM n`,
  ).run();
  db.close();
}
