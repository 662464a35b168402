import type { ChangePlace, ChangesPage } from '../changed-requests.ts';
import type { CountedUses, LogStep, RequestFilter, RequestReads, RetryPage, RetrySpan, SendableRequest } from '../request-reads.ts';
import type { NextTurn, Page, RequestedDevice, StoredCarrierRequest, StoredRequest } from '../stored-request.ts';
import type { Queries, Snapshots } from './database.ts';
import { toCarrierId } from './find-owners.ts';
import { countRequests, listRequests } from './list-requests.ts';
import { CARRIER_REQUEST, REQUEST, toCarrierRequest, toRequest, type CarrierRequestRow, type RequestRow } from './postgres-rows.ts';
import { ChangesReader } from './read-changes.ts';
import { placeOfInput } from './requested-devices.ts';
import type { Seals } from './seals.ts';

interface Parts {
  readonly db: Snapshots;
  readonly seals: Seals;
  /** Brings the index of identifiers up to date. */
  readonly indexAll: () => Promise<void>;
}

interface InputRow {
  readonly pk: number;
  readonly devices: string | null;
  readonly settings: string;
  readonly keyId: string | null;
}

/** `RequestReads` of the PostgreSQL store. */
export class PostgresRequests implements RequestReads {
  readonly #parts: Parts;

  readonly #changes: ChangesReader;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#changes = new ChangesReader(parts.db);
  }

  requests(ids: readonly string[]): Promise<Map<string, StoredRequest>> {
    return readRequests(this.#parts.db, ids);
  }

  async findByCarrierRequestId(carrierRequestId: string): Promise<StoredRequest | null> {
    const id = toCarrierId(carrierRequestId);
    const [row] = id === null ? [] : await this.#parts.db.rows<RequestRow>(REQUEST_BY_CARRIER_ID, [id]);
    return row ? toRequest(row) : null;
  }

  carrierRequests(requestIds: readonly string[]): Promise<Map<string, StoredCarrierRequest[]>> {
    return readCarrierRequests(this.#parts.db, requestIds);
  }

  async settings(ids: readonly string[]): Promise<Map<string, Readonly<Record<string, unknown>>>> {
    const { db, seals } = this.#parts;
    const rows = await db.rows<InputRow & { readonly id: string }>(SETTINGS, [ids]);
    return new Map(rows.map((row) => [row.id, openSettings(seals, row)]));
  }

  sendable(requestId: string): Promise<SendableRequest | null> {
    const { db, seals } = this.#parts;
    return db.snapshot(async (moment) => {
      const request = (await readRequests(moment, [requestId])).get(requestId);
      if (!request) return null;
      const [input] = await moment.rows<InputRow>(INPUT, [request.id]);
      const devices = input ? seals.openText(input.devices, input.keyId, placeOfInput('devices', input.pk)) : null;
      return {
        request,
        devices: devices === null ? null : (JSON.parse(devices) as RequestedDevice[]),
        settings: input ? openSettings(seals, input) : {},
        carrierRequests: (await readCarrierRequests(moment, [requestId])).get(requestId) ?? [],
      };
    });
  }

  async list(filter: RequestFilter, after: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<StoredRequest>> {
    await this.#indexFor(filter);
    return await listRequests(this.#parts.db, { filter, after, limit, nextTurn });
  }

  async count(filter: RequestFilter, most: number, nextTurn?: NextTurn): Promise<number> {
    await this.#indexFor(filter);
    return await countRequests(this.#parts.db, { filter, most, nextTurn });
  }

  changes(account: string, after: ChangePlace, limit: number): Promise<ChangesPage> {
    return this.#changes.read(account, after, limit);
  }

  async countUses({ account, operations, isOpen, since, until }: CountedUses, keys: readonly string[]): Promise<Map<string, number>> {
    const { db, indexAll } = this.#parts;
    await indexAll();
    const rows = await db.rows<{ key: string; count: number }>(USES, [keys, account, operations, since, until, isOpen]);
    return new Map(rows.map(({ key, count }) => [key, count]));
  }

  steps(requestId: string, afterSeq: number, limit: number): Promise<LogStep[]> {
    return this.#parts.db.rows<LogStep>(STEPS_AFTER, [requestId, afterSeq, limit]);
  }

  async retrySpans(requestIds: readonly string[]): Promise<Map<string, RetrySpan>> {
    const rows = await this.#parts.db.rows<RetrySpan & { readonly id: string }>(RETRY_SPANS, [requestIds]);
    return new Map(rows.map(({ id, ...span }) => [id, span]));
  }

  async retryPages(wanted: readonly RetryPage[]): Promise<Page<StoredRequest>[]> {
    const found = await this.#parts.db.rows<RequestRow & { readonly ask: number }>(RETRY_PAGES, [
      wanted.map(({ requestId }) => requestId),
      wanted.map(({ after }) => after ?? ''),
      wanted.map(({ limit }) => limit + 1),
    ]);
    const rowsOf = Map.groupBy(found, ({ ask }) => ask);
    return wanted.map(({ limit }, at) => {
      const rows = (rowsOf.get(at + 1) ?? []).map(({ ask: _ask, ...row }) => toRequest(row));
      return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
    });
  }

  async #indexFor({ deviceKeys, search }: RequestFilter): Promise<void> {
    if (deviceKeys || search?.deviceKeys.length) await this.#parts.indexAll();
  }
}

async function readRequests(db: Queries, ids: readonly string[]): Promise<Map<string, StoredRequest>> {
  const rows = await db.rows<RequestRow>(REQUESTS_BY_IDS, [ids]);
  return new Map(rows.map((row) => [row.id, toRequest(row)]));
}

async function readCarrierRequests(db: Queries, requestIds: readonly string[]): Promise<Map<string, StoredCarrierRequest[]>> {
  const found = new Map<string, StoredCarrierRequest[]>(requestIds.map((id) => [id, []]));
  for (const row of await db.rows<CarrierRequestRow>(CARRIER_REQUESTS_OF, [requestIds])) {
    found.get(row.requestId)?.push(toCarrierRequest(row));
  }
  return found;
}

function openSettings(seals: Seals, { pk, settings, keyId }: InputRow): Readonly<Record<string, unknown>> {
  return JSON.parse(seals.openText(settings, keyId, placeOfInput('settings', pk))) as Record<string, unknown>;
}

const REQUESTS_BY_IDS = `SELECT ${REQUEST} FROM request WHERE id = ANY($1::text[]) AND account <> ''`;
const REQUEST_BY_CARRIER_ID = `SELECT ${REQUEST} FROM request
  WHERE pk = (SELECT request_pk FROM carrier_request WHERE carrier_request_id = $1::word) AND account <> ''`;
const CARRIER_REQUESTS_OF = `SELECT r.id AS "requestId", ${CARRIER_REQUEST} FROM request r JOIN carrier_request c ON c.request_pk = r.pk
  WHERE r.id = ANY($1::text[]) ORDER BY c.request_pk, c.position`;
const INPUT = `SELECT i.request_pk AS pk, i.devices, i.settings, i.key_id AS "keyId" FROM request r
  JOIN request_input i ON i.request_pk = r.pk WHERE r.id = $1::word`;
const SETTINGS = `SELECT r.id, i.request_pk AS pk, i.settings, i.key_id AS "keyId" FROM request r
  JOIN request_input i ON i.request_pk = r.pk WHERE r.id = ANY($1::text[]) AND r.origin = 'GATEWAY'`;
const USES = `SELECT i.key, count(*) AS count FROM unnest($1::text[]) AS w (key)
  JOIN identifier i ON i.key = w.key::word JOIN request r ON r.pk = i.request_pk
  WHERE r.account = $2::word AND ($3::text[] IS NULL OR r.operation = ANY($3::text[])) AND r.created_at >= $4
    AND r.created_at < $5 AND NOT ($6::boolean AND r.completed_at IS NOT NULL) AND r.status NOT IN ('REJECTED', 'CANCELLED') GROUP BY i.key`;
const STEPS_AFTER = `SELECT seq, at, kind, position, ties, outcome_status AS "outcomeStatus", final_seq AS "finalSeq",
  request_status AS "requestStatus" FROM event
  WHERE request_pk = (SELECT pk FROM request WHERE id = $1::word) AND seq > $2 ORDER BY seq LIMIT $3`;
const RETRY_SPANS = `SELECT retry_of AS id, count(*)::integer AS count, min(created_at) AS "firstAt", max(created_at) AS "lastAt"
  FROM request WHERE retry_of = ANY($1::text[]) GROUP BY retry_of`;
// From the Request after which the page begins, or the one made before it when that one is purged.
const RETRY_PAGES = `SELECT w.ask::integer AS ask, r.*
  FROM unnest($1::text[], $2::text[], $3::integer[]) WITH ORDINALITY AS w (id, after, most, ask)
  CROSS JOIN LATERAL (SELECT ${REQUEST} FROM request WHERE retry_of = w.id::word AND pk > coalesce(
    (SELECT b.pk FROM request b WHERE b.id <= w.after::word AND b.id > 'req_' ORDER BY b.id DESC LIMIT 1), 0)
    ORDER BY pk LIMIT w.most) r ORDER BY w.ask, r.pk`;
