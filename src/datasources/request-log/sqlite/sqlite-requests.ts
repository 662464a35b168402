import { requestIdSpellings } from '../../thingspace/wire/carrier-request-id.ts';
import type { ChangePlace, ChangesPage } from '../changed-requests.ts';
import type { CountedUses, LogStep, RequestFilter, RequestReads, RetryPage, RetrySpan, SendableRequest } from '../request-reads.ts';
import type { NextTurn, Page, RequestedDevice, StoredCarrierRequest, StoredRequest } from '../stored-request.ts';
import type { Reads } from './group-commit.ts';
import { countRequests, listRequests } from './list-requests.ts';
import { readChanges } from './read-changes.ts';
import { toCarrierRequest, toRequest, type CarrierRequestRow, type RequestRow, type RowOf } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';
import type { KeyWalker } from './walk-keys.ts';

interface Parts {
  readonly sql: Statements;
  readonly reads: Reads;
  readonly walker: KeyWalker;
  /** Brings the index of identifiers up to date. */
  readonly indexAll: () => Promise<void>;
}

/** `RequestReads` of the SQLite store. */
export class SqliteRequests implements RequestReads {
  readonly #parts: Parts;
  readonly #sql: Statements;
  readonly #reads: Reads;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#sql = parts.sql;
    this.#reads = parts.reads;
  }

  requests(ids: readonly string[]): Promise<Map<string, StoredRequest>> {
    return this.#reads.read(() => readRequests(this.#sql, ids));
  }

  findByCarrierRequestId(carrierRequestId: string): Promise<StoredRequest | null> {
    return this.#reads.read(() => {
      const [row] = this.#sql.requestByCarrierId.all(JSON.stringify(requestIdSpellings(carrierRequestId))) as RequestRow[];
      return row ? toRequest(row) : null;
    });
  }

  carrierRequests(requestIds: readonly string[]): Promise<Map<string, StoredCarrierRequest[]>> {
    return this.#reads.read(() => readCarrierRequests(this.#sql, requestIds));
  }

  settings(ids: readonly string[]): Promise<Map<string, Readonly<Record<string, unknown>>>> {
    return this.#reads.read(() => {
      const rows = this.#sql.settingsOf.all(JSON.stringify(ids)) as { id: string; settings: string }[];
      return new Map(rows.map(({ id, settings }) => [id, JSON.parse(settings)]));
    });
  }

  sendable(requestId: string): Promise<SendableRequest | null> {
    const sql = this.#sql;
    return this.#reads.read(() => {
      const request = readRequests(sql, [requestId]).get(requestId);
      const row = sql.pkOfRequest.get(requestId) as { pk: number } | undefined;
      if (!request || !row) return null;
      const input = sql.inputOf.get(row.pk) as { devices: string | null; settings: string } | undefined;
      return {
        request,
        devices: input?.devices ? (JSON.parse(input.devices) as RequestedDevice[]) : null,
        settings: JSON.parse(input?.settings ?? '{}'),
        carrierRequests: readCarrierRequests(sql, [requestId]).get(requestId) ?? [],
      };
    });
  }

  async list(filter: RequestFilter, after: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<StoredRequest>> {
    await this.#indexFor(filter);
    return await listRequests(this.#sql, this.#parts.walker, { filter, after, limit, nextTurn });
  }

  async count(filter: RequestFilter, most: number, nextTurn?: NextTurn): Promise<number> {
    await this.#indexFor(filter);
    return await countRequests(this.#sql, this.#parts.walker, { filter, most, nextTurn });
  }

  changes(account: string, after: ChangePlace, limit: number): Promise<ChangesPage> {
    return this.#reads.read(() => readChanges(this.#sql, account, after, limit));
  }

  async countUses({ account, operations, isOpen, since, until }: CountedUses, keys: readonly string[]): Promise<Map<string, number>> {
    await this.#parts.indexAll();
    return this.#reads.read(() => {
      const rows = this.#sql.usesOf.all(
        JSON.stringify(keys),
        account,
        operations && JSON.stringify(operations),
        since,
        until,
        Number(isOpen),
      );
      return new Map((rows as { key: string; count: number }[]).map(({ key, count }) => [key, count]));
    });
  }

  steps(requestId: string, afterSeq: number, limit: number): Promise<LogStep[]> {
    return this.#reads.read(() => this.#sql.stepsAfter.all(requestId, afterSeq, limit) as RowOf<LogStep>[]);
  }

  retrySpans(requestIds: readonly string[]): Promise<Map<string, RetrySpan>> {
    return this.#reads.read(() => {
      const rows = this.#sql.retrySpans.all(JSON.stringify(requestIds)) as RowOf<RetrySpan & { readonly id: string }>[];
      return new Map(rows.map(({ id, ...span }) => [id, span]));
    });
  }

  retryPages(wanted: readonly RetryPage[]): Promise<Page<StoredRequest>[]> {
    return this.#reads.read(() => {
      const pages = new Map<RetryPage, Page<StoredRequest>>();
      // SQLite takes no limit from a row. One for all would read far more than was asked for.
      for (const [limit, some] of Map.groupBy(wanted, (each) => each.limit)) {
        const asked = some.map(({ requestId, after }) => [requestId, after ?? '']);
        const found = this.#sql.retryPages.all(JSON.stringify(asked), limit + 1) as (RequestRow & { readonly page: number })[];
        const rowsOf = Map.groupBy(found, ({ page }) => page);
        for (const [at, page] of some.entries()) {
          const rows = (rowsOf.get(at) ?? []).map(({ page: _page, ...row }) => toRequest(row));
          pages.set(page, { rows: rows.slice(0, limit), hasMore: rows.length > limit });
        }
      }
      return wanted.flatMap((page) => pages.get(page) ?? []);
    });
  }

  async #indexFor({ deviceKeys, search }: RequestFilter): Promise<void> {
    if (deviceKeys || search?.deviceKeys.length) await this.#parts.indexAll();
  }
}

export function readRequests(sql: Statements, ids: readonly string[]): Map<string, StoredRequest> {
  const rows = sql.requestsByIds.all(JSON.stringify(ids)) as RequestRow[];
  return new Map(rows.map((row) => [row.id, toRequest(row)]));
}

export function readCarrierRequests(sql: Statements, requestIds: readonly string[]): Map<string, StoredCarrierRequest[]> {
  const found = new Map<string, StoredCarrierRequest[]>(requestIds.map((id) => [id, []]));
  for (const row of sql.carrierRequestsOf.all(JSON.stringify(requestIds)) as RowOf<CarrierRequestRow>[]) {
    found.get(row.requestId)?.push(toCarrierRequest(row));
  }
  return found;
}
