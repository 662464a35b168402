import DataLoader from 'dataloader';
import type { OutcomePage, Page, RequestLog, StoredCarrierRequest, StoredOutcome, StoredRequest } from './request-log/request-log.ts';

export interface Loaders {
  readonly request: DataLoader<string, StoredRequest | null>;
  readonly carrierRequests: DataLoader<string, readonly StoredCarrierRequest[]>;
  readonly retries: DataLoader<string, readonly StoredRequest[]>;
  readonly outcome: DataLoader<string, StoredOutcome | null>;
  readonly outcomePage: DataLoader<OutcomePage, Page<StoredOutcome>, string>;
}

/**
 * Reads that one execution repeats, each asked of the log once. Made anew for every execution (for a subscription: every
 * event), so that none shows what was true before.
 */
export function createLoaders(requestLog: RequestLog): Loaders {
  return {
    request: byId((ids) => requestLog.requests(ids), null),
    carrierRequests: byId<readonly StoredCarrierRequest[], readonly StoredCarrierRequest[]>((ids) => requestLog.carrierRequests(ids), []),
    retries: byId<readonly StoredRequest[], readonly StoredRequest[]>((ids) => requestLog.retriesOf(ids), []),
    outcome: byId((ids) => requestLog.outcomesById(ids), null),
    outcomePage: new DataLoader(async (pages) => [...(await requestLog.outcomePages(pages))], {
      cacheKeyFn: (page) => JSON.stringify(page),
    }),
  };
}

/** Answers are put back by id, never by position: a missing row is a missing answer, not somebody else's. */
function byId<Row, None>(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>, none: None): DataLoader<string, Row | None> {
  return new DataLoader<string, Row | None>(async (ids) => {
    const rows = await read(ids);
    return ids.map((id) => rows.get(id) ?? none);
  });
}
