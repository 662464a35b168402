import type { DatabaseSync } from 'node:sqlite';
import { readPragma } from '../sqlite-open.ts';
import type { Faults } from '../../verify/verify-faults.ts';

/** The first schema that counts what each path holds. */
const COUNTED_SINCE = 5;

/** What each path holds by its rows, less what the table `held` says of it. */
const DIFFERENCES = `SELECT account, service, kind, sum(rows) AS rows, sum(bytes) AS bytes FROM (
    SELECT account, service, kind, -rows AS rows, -bytes AS bytes FROM held
    UNION ALL SELECT account, service, 'UNCLAIMED', count(*), sum(octet_length(message)) FROM unclaimed GROUP BY account, service
    UNION ALL SELECT account, service, reason, count(*), sum(octet_length(body)) FROM kept_message GROUP BY account, service, reason
    UNION ALL SELECT account, service, 'FORWARD', count(*), sum(octet_length(body)) FROM forward GROUP BY account, service
    UNION ALL SELECT account, '', 'EXTERNAL', sum(last_seq), sum(message_bytes) FROM request
      WHERE origin = 'EXTERNAL' AND account <> '' GROUP BY account)
  GROUP BY account, service, kind HAVING sum(rows) <> 0 OR sum(bytes) <> 0`;

/** The counts of what each path holds are those of its rows. A path with a count that is too high would be refused without a reason. */
export function checkHeld(db: DatabaseSync, faults: Faults): void {
  if (Number(readPragma(db, 'user_version')) < COUNTED_SINCE) return;
  for (const row of db.prepare(DIFFERENCES).iterate()) {
    const { account, service, kind, rows, bytes } = row as {
      readonly [column in 'account' | 'service' | 'kind']: string;
    } & { readonly rows: number; readonly bytes: number };
    const path = service === '' ? account : `${account} ${service}`;
    faults.add(`The count of ${kind} of ${path} is wrong by ${-rows} rows and ${-bytes} bytes.`);
  }
}
