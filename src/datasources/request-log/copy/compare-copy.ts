import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../errors.ts';
import { Hub } from '../hub.ts';
import type { OutcomeReads } from '../outcome-reads.ts';
import type { AloneDatabase } from '../postgres/alone.ts';
import { Database } from '../postgres/database.ts';
import { PostgresOutcomes } from '../postgres/postgres-outcomes.ts';
import { PostgresRequests } from '../postgres/postgres-requests.ts';
import { RequestedDevices } from '../postgres/requested-devices.ts';
import type { Seals } from '../postgres/seals.ts';
import { toStorable } from '../postgres/statement-text.ts';
import type { RequestReads } from '../request-reads.ts';
import { openSqliteReader } from '../sqlite/open-sqlite-reader.ts';
import { COPIED_TABLES } from './copied-tables.ts';

const REQUESTS_AT_ONCE = 50;
const DEVICES_AT_ONCE = 1_000;
const STEPS_AT_ONCE = 1_000;

interface Reads {
  readonly requests: RequestReads;
  readonly outcomes: OutcomeReads;
}

interface Compared {
  readonly path: string;
  readonly url: string;
  readonly keys: readonly Uint8Array[];
  readonly source: DatabaseSync;
  readonly target: AloneDatabase;
  readonly seals: Seals;
}

/**
 * Compares a copy with its store: how many rows there are, and of each Request everything that callers can read, through the reads of both.
 *
 * @throws GatewayError STORE_UNUSABLE for the first difference.
 */
export async function compareCopy({ path, url, keys, source, target, seals }: Compared): Promise<void> {
  for (const { name, from, where, mayMerge } of COPIED_TABLES) {
    if (mayMerge) continue;
    const of = from.replace(/ .*/, '');
    const { rows: expected } = source.prepare(`SELECT count(*) AS rows FROM ${of}${where ? ` WHERE ${where}` : ''}`).get() as {
      rows: number;
    };
    const [found] = await target.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${name}`);
    if (found?.rows !== expected) throw different(`${name} has ${found?.rows} rows and not ${expected}`);
  }
  await using db = new Database({ url, connections: 2, hub: new Hub({ tickMs: () => 0 }), origin: randomUUID() });
  const indexAll = () => Promise.resolve();
  const copy: Reads = {
    requests: new PostgresRequests({ db, seals, indexAll }),
    outcomes: new PostgresOutcomes({ db, seals, devices: new RequestedDevices(seals) }),
  };
  const onFatal = (error: GatewayError) => {
    throw error;
  };
  using store = openSqliteReader({ path, keys, indexAll, onFatal });
  for (let after: string | null = null; ;) {
    const [page, copied] = await readBoth(store, copy, ({ requests }) => requests.list({ accounts: null }, after, REQUESTS_AT_ONCE));
    if (isDifferent(page, copied)) throw different(`the list of requests after ${after ?? 'the newest'} is another one`);
    const ids = page.rows.map(({ id }) => id);
    const [of, copiedOf] = await readBoth(store, copy, (reads) => readTogether(reads, ids));
    // Times of sendings are those of the clock of the database.
    if (isDifferent(of, shiftTimes(copiedOf, target.clockOffMs)))
      throw different(`what belongs to the requests from ${ids[0] ?? ''} to ${ids.at(-1) ?? ''} differs`);
    for (const id of ids) await compareRequest(store, copy, id);
    const last = ids.at(-1);
    if (!page.hasMore || last === undefined) return;
    after = last;
  }
}

async function readTogether({ requests }: Reads, ids: readonly string[]) {
  const carriers = [...(await requests.carrierRequests(ids))].toSorted(byId).map(([, parts]) => parts);
  return {
    carriers,
    settings: [...(await requests.settings(ids))].toSorted(byId),
    retries: [...(await requests.retrySpans(ids))].toSorted(byId),
  };
}

function shiftTimes(of: Awaited<ReturnType<typeof readTogether>>, offMs: number): typeof of {
  const shift = (time: number | null) => time && time - offMs;
  const carriers = of.carriers.map((parts) =>
    parts.map((part) => ({ ...part, sentAt: shift(part.sentAt), answeredAt: shift(part.answeredAt) })),
  );
  return { ...of, carriers };
}

async function compareRequest(store: Reads, copy: Reads, id: string): Promise<void> {
  for (let afterIndex = -1; ;) {
    const wanted = { requestId: id, statuses: null, afterIndex, limit: DEVICES_AT_ONCE };
    const [[page], [copied]] = await readBoth(store, copy, ({ outcomes }) => outcomes.outcomePages([wanted]));
    if (isDifferent(page, copied)) throw different(`the devices of request ${id} after ${afterIndex} differ`);
    if (!page?.hasMore) break;
    afterIndex = page.rows.at(-1)?.index ?? afterIndex;
  }
  for (let seq = 0; ;) {
    const [steps, copied] = await readBoth(store, copy, ({ requests }) => requests.steps(id, seq, STEPS_AT_ONCE));
    if (isDifferent(steps, copied)) throw different(`the log of request ${id} after row ${seq} is another one`);
    const last = steps.at(-1);
    if (!last) return;
    seq = last.seq;
  }
}

function readBoth<Read>(store: Reads, copy: Reads, read: (reads: Reads) => Promise<Read>): Promise<[Read, Read]> {
  return Promise.all([read(store), read(copy)]);
}

function byId([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

function isDifferent(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, inOrder) !== JSON.stringify(other, inOrder);
}

/** Names in one order, and texts as PostgreSQL stores them. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return toStorable(value);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(byId));
}

function different(what: string): GatewayError {
  return new GatewayError(
    'STORE_UNUSABLE',
    `The copy is not like the store: ${what}. Make an empty database, and copy again; the store is as it was.`,
  );
}
