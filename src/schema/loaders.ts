import { setImmediate as nextTurn } from 'node:timers/promises';
import DataLoader from 'dataloader';
import type { OutcomePage, RequestLog } from '../datasources/request-log/request-log.ts';
import type { Page, StoredCarrierRequest, StoredOutcome, StoredRequest } from '../datasources/request-log/stored-request.ts';

export interface Loaders {
  readonly request: DataLoader<string, StoredRequest | null>;
  readonly carrierRequests: DataLoader<string, readonly StoredCarrierRequest[]>;
  readonly retries: DataLoader<string, readonly StoredRequest[]>;
  readonly outcome: DataLoader<string, StoredOutcome | null>;
  readonly outcomePage: { load(page: OutcomePage): Promise<Page<StoredOutcome>> };
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
    outcomePage: outcomePages(requestLog),
  };
}

/** Devices that are read, and shown, without anybody else having a turn: about 50 ms. */
const DEVICES_A_TURN = 1_000;

/** Pages are asked for together and come in turns: a list of requests with the devices of each can be 50,000 devices. */
function outcomePages(requestLog: RequestLog): Loaders['outcomePage'] {
  const loader = new DataLoader<OutcomePage, { readonly page: Promise<Page<StoredOutcome>> }, string>(
    (pages) => {
      const waiting = pages.map((page) => ({ wanted: page, ...Promise.withResolvers<Page<StoredOutcome>>() }));
      void readInTurns(requestLog, waiting);
      return Promise.resolve(waiting.map(({ promise }) => ({ page: promise })));
    },
    { cacheKeyFn: (page) => JSON.stringify(page) },
  );
  return { load: async (page) => (await loader.load(page)).page };
}

type Waiting = PromiseWithResolvers<Page<StoredOutcome>> & { readonly wanted: OutcomePage };

async function readInTurns(requestLog: RequestLog, waiting: readonly Waiting[]): Promise<void> {
  let answered = 0;
  try {
    while (answered < waiting.length) {
      if (answered > 0) await nextTurn();
      const next = waiting.slice(answered);
      const pages = await requestLog.outcomePages(
        next.map(({ wanted }) => wanted),
        DEVICES_A_TURN,
      );
      for (const [at, page] of pages.entries()) next[at]?.resolve(page);
      answered += pages.length;
    }
  } catch (error) {
    for (const { reject } of waiting.slice(answered)) reject(error);
  }
}

/** Answers are put back by id, never by position: a missing row is a missing answer, not somebody else's. */
function byId<Row, None>(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>, none: None): DataLoader<string, Row | None> {
  return new DataLoader<string, Row | None>(async (ids) => {
    const rows = await read(ids);
    return ids.map((id) => rows.get(id) ?? none);
  });
}
