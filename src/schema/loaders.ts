import { setImmediate as nextTurn } from 'node:timers/promises';
import DataLoader from 'dataloader';
import type { RetryPage, RetrySpan } from '../datasources/request-log/request-reads.ts';
import type { DeviceSummary, OutcomePage } from '../datasources/request-log/outcome-reads.ts';
import type { Store } from '../datasources/request-log/store.ts';
import type { Page, StoredCarrierRequest, StoredOutcome, StoredRequest } from '../datasources/request-log/stored-request.ts';
import { readRetried, type RetriedDevices } from '../resolvers/requests/retried-devices.ts';
import type { Settings } from '../operations/define-operation.ts';
import { BoundedCache } from '../lib/bounded-cache.ts';
import { OneAtATime } from '../lib/one-at-a-time.ts';
import { prepareOutcomes, readFailedDevices } from '../resolvers/requests/failed-devices.ts';

/**
 * Reads that one execution repeats. The log is asked once for each. The loaders are made anew for every execution, and for every
 * event of a subscription, so that none of them shows an old state.
 */
export function createLoaders(store: Pick<Store, 'requests' | 'outcomes'>) {
  return {
    request: byId<StoredRequest, null>((ids) => store.requests.requests(ids), null),
    carrierRequests: byId<readonly StoredCarrierRequest[], readonly []>((ids) => store.requests.carrierRequests(ids), []),
    retrySpan: byId<RetrySpan, null>((ids) => store.requests.retrySpans(ids), null),
    retryPage: new DataLoader<RetryPage, Page<StoredRequest>, string>((pages) => store.requests.retryPages(pages), {
      cacheKeyFn: (page) => JSON.stringify(page),
    }),
    outcome: byId<StoredOutcome, null>((ids) => store.outcomes.outcomesById(ids), null),
    settings: byId<Settings, null>((ids) => store.requests.settings(ids), null),
    outcomePage: outcomePages(store),
    namedDevices: oneByOne<readonly DeviceSummary[]>(
      (id) => store.outcomes.devices(id, null),
      ({ length }) => length,
    ),
    retriedDevices: oneByOne<RetriedDevices>(
      (id) => readRetried(store, id),
      ({ size }) => size,
    ),
    failedDevices: oneByOne<readonly DeviceSummary[]>(
      (id) => readFailedDevices(store.outcomes, id),
      ({ length }) => length,
    ),
  };
}

export type Loaders = ReturnType<typeof createLoaders>;

/** Devices that are read and shown before other work has a turn. They take about 50 ms. */
const DEVICES_A_TURN = 1_000;

/** Pages are asked for together and read in turns, because a list of requests with their devices may have 50,000 devices. */
function outcomePages(store: Pick<Store, 'requests' | 'outcomes'>) {
  const loader = new DataLoader<OutcomePage, { readonly page: Promise<Page<StoredOutcome>> }, string>(
    (pages) => {
      const waiting = pages.map((page) => ({ wanted: page, ...Promise.withResolvers<Page<StoredOutcome>>() }));
      void readInTurns(store, waiting);
      return Promise.resolve(waiting.map(({ promise }) => ({ page: promise })));
    },
    { cacheKeyFn: (page) => JSON.stringify(page) },
  );
  return { load: async (page: OutcomePage) => (await loader.load(page)).page };
}

type Waiting = PromiseWithResolvers<Page<StoredOutcome>> & { readonly wanted: OutcomePage };

async function readInTurns(store: Pick<Store, 'requests' | 'outcomes'>, waiting: readonly Waiting[]): Promise<void> {
  let answered = 0;
  try {
    for (const { wanted } of waiting) {
      if (typeof wanted.search === 'string') await prepareOutcomes(store.outcomes, wanted.requestId, 'ALL');
      else if (wanted.faultCodes) await prepareOutcomes(store.outcomes, wanted.requestId, 'FAILED');
    }
    while (answered < waiting.length) {
      if (answered > 0) await nextTurn();
      const next = waiting.slice(answered);
      const pages = await store.outcomes.outcomePages(
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

/**
 * Devices that one execution keeps of each kind of read. A list of requests shows little of each (its faults, its actions), and has
 * to look at all devices for it: 1,000 requests may have 10 million.
 */
const KEPT_DEVICES = 50_000;

/** Reads that take turns with other work. One follows the other, or the turns of all would come in one turn of the event loop. */
function oneByOne<Row>(read: (id: string) => Promise<Row>, devicesOf: (row: Row) => number): { load(id: string): Promise<Row> } {
  const queue = new OneAtATime();
  const known = new BoundedCache<string, Promise<Row>>(KEPT_DEVICES);
  return {
    load(id) {
      const before = known.get(id);
      if (before) return before;
      const reading = queue.run(async () => {
        const row = await read(id);
        known.set(id, reading, 1 + devicesOf(row));
        return row;
      });
      known.set(id, reading, 1);
      return reading;
    },
  };
}

/** Answers are matched by id, never by position. A missing row is a missing answer and not another row. */
function byId<Row, None>(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>, none: None): DataLoader<string, Row | None> {
  return new DataLoader<string, Row | None>(async (ids) => {
    const rows = await read(ids);
    return ids.map((id) => rows.get(id) ?? none);
  });
}
