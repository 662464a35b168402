import type { OpenedValues } from '../verify/opened-values.ts';
import { type Faults, isAsItCame } from '../verify/verify-faults.ts';
import type { Queries } from './database.ts';
import { placeOfDeadLetter, placeOfForward } from './path-rows.ts';
import { placeOfUnclaimed } from './unclaimed-rows.ts';

const ROWS_AT_ONCE = 1_000;
const BYTES_AT_ONCE = 8 * 1_048_576;

interface Checks {
  readonly db: Queries;
  readonly values: OpenedValues;
  readonly faults: Faults;
}

interface MessageRow {
  readonly pk: number;
  readonly account: string;
  readonly service: string;
  readonly keyId: string | null;
}

/** Checks the messages that belong to no Request, and the copies that wait. */
export async function checkMessages({ db, values, faults }: Checks): Promise<void> {
  for await (const row of readAll<MessageRow & { digest: Uint8Array; message: string }>(db, UNCLAIMED)) {
    const what = `The unclaimed callback ${row.pk}`;
    const plain = values.text(row.message, row.keyId, placeOfUnclaimed(row), what);
    if (plain !== undefined && !isAsItCame(plain, row.digest)) faults.add(`${what} is not as it came.`);
  }
  for await (const row of readAll<MessageRow & { reason: string; digest: Uint8Array; body: Uint8Array }>(db, DEAD_LETTERS)) {
    const what = `The dead letter ${row.pk}`;
    const plain = values.bytes(row.body, row.keyId, placeOfDeadLetter(row), what);
    if (plain !== undefined && !isAsItCame(plain, row.digest)) faults.add(`${what} is not as it came.`);
  }
  for await (const row of readAll<MessageRow & { body: Uint8Array }>(db, FORWARDS))
    values.bytes(row.body, row.keyId, placeOfForward(row), `The copy ${row.pk} for the previous listener`);
}

/** The counts of what each path holds are those of its rows. A path with a count that is too high would be refused without a reason. */
export async function checkHeld({ db, faults }: Checks): Promise<void> {
  const wrong = await db.rows<{ account: string; service: string; kind: string; rows: number; bytes: number }>(DIFFERENCES);
  for (const { account, service, kind, rows, bytes } of wrong) {
    const path = service === '' ? account : `${account} ${service}`;
    faults.add(`The count of ${kind} of ${path} is wrong by ${-rows} rows and ${-bytes} bytes.`);
  }
}

async function* readAll<Row extends { readonly pk: number }>(db: Queries, sql: string): AsyncIterable<Row> {
  for (let after = 0; ;) {
    const rows = await db.rows<Row>(sql, [after, ROWS_AT_ONCE, BYTES_AT_ONCE]);
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = last.pk;
  }
}

const UNCLAIMED = `SELECT u.pk, u.account, u.service, u.digest, u.message, u.key_id AS "keyId"
  FROM (SELECT pk, sum(bytes) OVER (ORDER BY pk) - bytes AS before FROM (
      SELECT pk, octet_length(message) AS bytes FROM unclaimed WHERE pk > $1 ORDER BY pk LIMIT $2) first) sized
  JOIN unclaimed u ON u.pk = sized.pk WHERE sized.before < $3 ORDER BY u.pk`;
const DEAD_LETTERS = `SELECT d.pk, d.account, d.service, d.reason, d.digest, d.body, d.key_id AS "keyId"
  FROM (SELECT pk, sum(bytes) OVER (ORDER BY pk) - bytes AS before FROM (
      SELECT pk, octet_length(body) AS bytes FROM dead_letter WHERE pk > $1 ORDER BY pk LIMIT $2) first) sized
  JOIN dead_letter d ON d.pk = sized.pk WHERE sized.before < $3 ORDER BY d.pk`;
const FORWARDS = `SELECT f.pk, f.account, f.service, f.body, f.key_id AS "keyId"
  FROM (SELECT pk, sum(bytes) OVER (ORDER BY pk) - bytes AS before FROM (
      SELECT pk, octet_length(body) AS bytes FROM forward WHERE pk > $1 AND key_id IS NOT NULL ORDER BY pk LIMIT $2) first) sized
  JOIN forward f ON f.pk = sized.pk WHERE sized.before < $3 ORDER BY f.pk`;
/** What each path holds by its rows, less what the table `held` says of it, at one moment. */
const DIFFERENCES = `SELECT account, service, kind, sum(rows)::bigint AS rows, sum(bytes)::bigint AS bytes FROM (
    SELECT account, service, kind, -rows AS rows, -bytes AS bytes FROM held
    UNION ALL SELECT account, service, 'UNCLAIMED', count(*), sum(octet_length(message)) FROM unclaimed GROUP BY account, service
    UNION ALL SELECT account, service, reason, count(*), sum(octet_length(body)) FROM dead_letter GROUP BY account, service, reason
    UNION ALL SELECT account, service, 'FORWARD', count(*), sum(octet_length(body)) FROM forward GROUP BY account, service
    UNION ALL SELECT account, '', 'EXTERNAL', sum(last_seq), sum(message_bytes)::bigint FROM request
      WHERE origin = 'EXTERNAL' AND account <> '' GROUP BY account) counted
  GROUP BY account, service, kind HAVING sum(rows) <> 0 OR sum(bytes) <> 0 ORDER BY account, service, kind`;
