import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { OutcomeSummaries, type SummaryRow } from '../outcome-summaries.ts';
import type { Queries } from './database.ts';
import { OUTCOME } from './postgres-rows.ts';
import type { InputOf } from './requested-devices.ts';

/** Devices whose summaries are in memory: 15 bytes each. */
const CACHED_DEVICES = 500_000;

/** A Request whose devices are read, as it stood then. */
export interface Place extends InputOf {
  readonly total: number | null;
  readonly lastSeq: number;
  /** Devices that its carrier requests have. */
  readonly devices: number;
}

interface Known {
  readonly pk: number;
  readonly summaries: OutcomeSummaries;
}

export async function readPlaces(db: Queries, ids: readonly string[]): Promise<Map<string, Place>> {
  if (ids.length === 0) return new Map();
  const rows = await db.rows<Place>(PLACES, [[...new Set(ids)]]);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Reads how the devices of Requests stand, and remembers it. What is remembered is brought forward by the rows that came since. Somebody
 * else may be reading what is remembered, so it never changes: a copy takes its place. Rows are only ever added, so it may be newer than
 * the Request that is asked for, and never wrong.
 */
export class ReadSummaries {
  readonly #known = new BoundedCache<string, Known>(CACHED_DEVICES);

  /** How many devices must be read to know how this Request stands; 0 when it is in memory. */
  missing(place: Place): number {
    const known = this.#of(place);
    return known ? 0 : Math.max(place.devices, place.total ?? 0);
  }

  /** By the id of the Request. One statement reads what is new of all, and one what is not in memory. */
  async read(db: Queries, places: readonly Place[]): Promise<Map<string, OutcomeSummaries>> {
    const begun = new Map(places.map((place) => [place, this.#of(place) ?? new OutcomeSummaries(place.total ?? 0, place.devices)]));
    const behind = [...begun].filter(([{ lastSeq }, summaries]) => summaries.lastSeq < lastSeq);
    const [fresh, later] = [behind.filter(([, { lastSeq }]) => lastSeq === 0), behind.filter(([, { lastSeq }]) => lastSeq > 0)];
    const rows = [await this.#rows(db, NEWEST, fresh), await this.#rows(db, AFTER, later)].flat();
    const rowsOf = Map.groupBy(rows, ({ pk }) => pk);
    return new Map(
      [...begun].map(([place, summaries]) => [place.id, this.#bringForward(place, summaries, rowsOf.get(place.pk) ?? [])] as const),
    );
  }

  #bringForward({ pk, id, lastSeq }: Place, summaries: OutcomeSummaries, rows: readonly SummaryRow[]): OutcomeSummaries {
    if (summaries.lastSeq >= lastSeq) return summaries;
    const next = summaries.copy();
    next.add(rows);
    next.lastSeq = lastSeq;
    // Who was faster may have read more.
    const known = this.#known.get(id);
    if (!(known?.pk === pk && known.summaries.named === next.named && known.summaries.lastSeq > lastSeq))
      this.#known.set(id, { pk, summaries: next }, next.count + 1);
    return next;
  }

  #of({ pk, id, total }: Place): OutcomeSummaries | null {
    const known = this.#known.get(id);
    // The members of a group are read after it was made.
    return known?.pk === pk && known.summaries.named === (total ?? 0) ? known.summaries : null;
  }

  async #rows(
    db: Queries,
    text: string,
    wanted: readonly (readonly [Place, OutcomeSummaries])[],
  ): Promise<(SummaryRow & { pk: number })[]> {
    if (wanted.length === 0) return [];
    return db.rows(text, [
      wanted.map(([{ pk }]) => pk),
      wanted.map(([, summaries]) => summaries.lastSeq),
      wanted.map(([{ lastSeq }]) => lastSeq),
    ]);
  }
}

const PLACES = `SELECT pk, id, total, last_seq AS "lastSeq",
  (SELECT coalesce(sum(coalesce(c.device_count, r.total, 0)), 0)::integer FROM carrier_request c WHERE c.request_pk = r.pk) AS devices
  FROM request r WHERE id = ANY($1::text[]) AND account <> ''`;
const WANTED = 'unnest($1::bigint[], $2::integer[], $3::integer[]) AS w (pk, from_seq, to_seq)';
/** Of each device the newest row alone. */
const NEWEST = `SELECT w.pk, e.* FROM ${WANTED} CROSS JOIN LATERAL (SELECT DISTINCT ON (outcome) seq, ${OUTCOME} FROM event
  WHERE request_pk = w.pk AND seq > w.from_seq AND seq <= w.to_seq AND outcome IS NOT NULL ORDER BY outcome, seq DESC) e`;
const AFTER = `SELECT w.pk, e.* FROM ${WANTED} CROSS JOIN LATERAL (SELECT seq, ${OUTCOME} FROM event
  WHERE request_pk = w.pk AND seq > w.from_seq AND seq <= w.to_seq AND outcome IS NOT NULL ORDER BY seq OFFSET 0) e ORDER BY w.pk, e.seq`;
