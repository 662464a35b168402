import pg from 'pg';
import { placeOfDeadLetter } from '../../../src/datasources/request-log/postgres/path-rows.ts';
import { verifyPostgres } from '../../../src/datasources/request-log/postgres/postgres-verify.ts';
import { Seals } from '../../../src/datasources/request-log/postgres/seals.ts';
import { placeOfUnclaimed } from '../../../src/datasources/request-log/postgres/unclaimed-rows.ts';
import { Vault } from '../../../src/datasources/request-log/vault.ts';
import type { LogRow } from './audit-subscriber.ts';
import type { StoredMessage, StoredRequest, StoredRows } from './stored-rows.ts';

interface MessageRow {
  readonly stored: string;
  readonly keyId: string | null;
  readonly reference: string | null;
  readonly pk: string;
  readonly seq: number;
}

interface PathRow {
  readonly account: string;
  readonly service: string;
  readonly digest: Uint8Array;
  readonly keyId: string | null;
}

/** The store in a database, read without a gateway. */
export class PostgresRows implements StoredRows, AsyncDisposable {
  readonly #url: string;
  readonly #keys: readonly Uint8Array[];
  readonly #client: pg.Client;
  readonly #seals: Seals;

  private constructor(url: string, keys: readonly Uint8Array[]) {
    this.#url = url;
    this.#keys = keys;
    this.#client = new pg.Client({ connectionString: url });
    this.#seals = new Seals(new Vault(keys));
  }

  static async open(url: string, keys: readonly Uint8Array[]): Promise<PostgresRows> {
    const rows = new PostgresRows(url, keys);
    await rows.#client.connect();
    return rows;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.end();
  }

  async faults(): Promise<readonly string[]> {
    const { faults, unread } = await verifyPostgres(this.#url, this.#keys);
    return unread > 0 ? [...faults, `${unread} values cannot be opened`] : faults;
  }

  async *messages(): AsyncIterable<StoredMessage> {
    for (const { stored, keyId, reference, pk, seq } of await this.#rows<MessageRow>(MESSAGES))
      yield { message: this.#seals.openText(stored, keyId, `event/message/${pk}/${seq}`), reference };
    for (const row of await this.#rows<PathRow & { stored: string }>(UNCLAIMED))
      yield { message: this.#seals.openText(row.stored, row.keyId, placeOfUnclaimed(row)), reference: null };
    for (const row of await this.#rows<PathRow & { stored: Uint8Array; reason: string }>(DEAD_LETTERS)) {
      const message = Buffer.from(this.#seals.openBytes(row.stored, row.keyId, placeOfDeadLetter(row))).toString();
      yield { message, reference: 'kept aside' };
    }
  }

  requests(): Promise<StoredRequest[]> {
    return this.#rows(`SELECT id, client_reference AS reference, status FROM request WHERE origin = 'GATEWAY'`);
  }

  log(requestId: string): Promise<LogRow[]> {
    return this.#rows(LOG, [requestId]);
  }

  async #rows<Row extends object>(sql: string, values: readonly string[] = []): Promise<Row[]> {
    return (await this.#client.query<Row>(sql, [...values])).rows;
  }
}

const MESSAGES = `SELECT e.message AS stored, e.key_id AS "keyId", r.client_reference AS reference, e.request_pk AS pk, e.seq
  FROM event e JOIN request r ON r.pk = e.request_pk WHERE e.message IS NOT NULL AND e.kind <> 'RECONCILED'`;
const UNCLAIMED = 'SELECT account, service, digest, message AS stored, key_id AS "keyId" FROM unclaimed';
const DEAD_LETTERS = 'SELECT account, service, reason, digest, body AS stored, key_id AS "keyId" FROM dead_letter';
const LOG = `SELECT seq, outcome, outcome_status AS status, request_status AS "requestStatus" FROM event
  WHERE request_pk = (SELECT pk FROM request WHERE id = $1) ORDER BY seq`;
