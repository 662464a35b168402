import { MessageFacts, missingFacts, type FactsOfRequest } from '../message-facts.ts';
import { choosePage, factsNeeded, listDevices, type Devices, type Needed } from '../outcome-filter.ts';
import type { DeviceSummary, LogBatch, OutcomePage, OutcomeReads } from '../outcome-reads.ts';
import { countWithoutNidd, NO_DEVICES, type OutcomeSummaries } from '../outcome-summaries.ts';
import {
  messagesOf,
  newestOf,
  showOutcome,
  toBatch,
  WORK_IN_MEMORY,
  WORK_READ,
  type MessagePlace,
  type OutcomeAt,
} from '../shown-outcomes.ts';
import { parseOutcomeId, type OutcomeStatus, type Page, type StoredCallback, type StoredOutcome } from '../stored-request.ts';
import type { Queries } from './database.ts';
import { MESSAGE, toStoredCallback, type SealedRow } from './postgres-rows.ts';
import { notFound, readLog } from './read-log.ts';
import { readPlaces, ReadSummaries, type Place } from './read-summaries.ts';
import { NamedDevices, type RequestedDevices } from './requested-devices.ts';
import type { Seals } from './seals.ts';

/** Messages whose facts are read in one statement. */
const FACTS_AT_ONCE = 1_000;

interface Parts {
  readonly db: Queries;
  readonly seals: Seals;
  readonly devices: RequestedDevices;
}

type Named = Devices['named'];

/** Of each Request how its devices stand, and how they were named. */
interface Loaded {
  readonly summaries: ReadonlyMap<string, OutcomeSummaries>;
  readonly named: ReadonlyMap<number, Named>;
}

/**
 * `OutcomeReads` of the PostgreSQL store. Rows of the log are only ever added and never changed. So what is read in several statements
 * belongs together: first how far the log goes, then its rows up to there, then their messages. Only a purge can come between, and a
 * device whose messages it has taken is left out.
 */
export class PostgresOutcomes implements OutcomeReads {
  readonly #parts: Parts;
  readonly #summaries = new ReadSummaries();
  readonly #facts = new MessageFacts();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async outcomePages(wanted: readonly OutcomePage[], work = Infinity): Promise<Page<StoredOutcome>[]> {
    const places = await this.#placesOf(wanted.map(({ requestId }) => requestId));
    const begun = this.#pagesFor(wanted, places, work);
    const isRead = new Set([...places.values()].filter((place) => this.#summaries.missing(place) > 0));
    const loaded = await this.#load(begun.flatMap(({ requestId }) => places.get(requestId) ?? []));
    const pages: { found: OutcomeAt[]; hasMore: boolean }[] = [];
    for (let done = 0; pages.length < begun.length && (done < work || pages.length === 0);) {
      const page = begun[pages.length] as OutcomePage;
      const place = places.get(page.requestId);
      const devices = place && (await this.#devicesOf(place, loaded, factsNeeded(page)));
      const { indexes, hasMore } = devices ? choosePage(page, devices) : { indexes: [], hasMore: false };
      pages.push({ found: place ? indexes.flatMap((index) => outcomeAt(place, loaded, index)) : [], hasMore });
      // What a page has read is in memory for the next one.
      done += indexes.length + (devices?.summaries.count ?? 0) * (place && isRead.delete(place) ? WORK_READ : WORK_IN_MEMORY);
    }
    const shown = await this.#withMessages(pages.flatMap(({ found }) => found));
    let from = 0;
    return pages.map(({ found, hasMore }) => ({ rows: shown.slice(from, (from += found.length)).flatMap((each) => each ?? []), hasMore }));
  }

  async prepare(requestId: string, of: 'FAILED' | 'ALL', limit: number): Promise<boolean> {
    const place = await this.#placeOf(requestId);
    if (!place) return true;
    const summaries = await this.#summariesOf(place);
    return (await this.#readFacts(place, summaries, of === 'ALL' ? null : ['FAILED'], limit)).isComplete;
  }

  async devices(requestId: string, statuses: OutcomePage['statuses']): Promise<DeviceSummary[]> {
    const place = await this.#placeOf(requestId);
    if (!place) return [];
    const needed: Needed = statuses?.includes('FAILED') ? { of: ['FAILED'] } : null;
    return listDevices(await this.#devicesOf(place, await this.#load([place]), needed), statuses);
  }

  async outcomesById(ids: readonly string[]): Promise<Map<string, StoredOutcome>> {
    const asked = ids.flatMap((id) => parseOutcomeId(id) ?? []);
    const places = await this.#placesOf(asked.map(({ requestId }) => requestId));
    const loaded = await this.#load([...places.values()]);
    const outcomes = asked.flatMap(({ requestId, index }): OutcomeAt[] => {
      const place = places.get(requestId);
      return place ? outcomeAt(place, loaded, index) : [];
    });
    const shown = await this.#withMessages(outcomes);
    return new Map(shown.flatMap((outcome) => (outcome ? [[outcome.id, outcome]] : [])));
  }

  async read(requestId: string, afterSeq: number, limit: number): Promise<LogBatch | null> {
    const { db, seals } = this.#parts;
    const log = await readLog(db, seals, { requestId, afterSeq, limit });
    const last = log?.rows.at(-1);
    if (!log || !last) return null;
    const isAboutDevices = log.rows.some(({ event }) => event.outcome);
    const named = isAboutDevices ? (await this.#namedOf([log])).get(log.pk) : undefined;
    const outcomes = newestOf(log.rows, { pk: log.pk, id: log.id, requestedOf: (index) => named?.identifiers(index) ?? null });
    return toBatch(
      last,
      outcomes.map((outcome) => showOutcome(outcome, (_pk, seq) => log.messages.get(seq) ?? null)),
    );
  }

  async niddOutstanding(requestId: string): Promise<number> {
    const place = await this.#placeOf(requestId);
    if (!place) throw notFound();
    return countWithoutNidd(await this.#summariesOf(place));
  }

  /** The first pages: those after them would take more than the work in any case, so their devices are not read. */
  #pagesFor(wanted: readonly OutcomePage[], places: ReadonlyMap<string, Place>, work: number): readonly OutcomePage[] {
    let least = 0;
    const end = wanted.findIndex(({ requestId }, at) => {
      if (at > 0 && least >= work) return true;
      const place = places.get(requestId);
      least += place ? this.#summaries.missing(place) * WORK_READ : 0;
      return false;
    });
    return end < 0 ? wanted : wanted.slice(0, end);
  }

  #placesOf(ids: readonly string[]): Promise<Map<string, Place>> {
    return readPlaces(this.#parts.db, ids);
  }

  async #placeOf(id: string): Promise<Place | undefined> {
    return (await this.#placesOf([id])).get(id);
  }

  async #load(places: readonly Place[]): Promise<Loaded> {
    const each = [...new Set(places)];
    const [summaries, named] = await Promise.all([this.#summaries.read(this.#parts.db, each), this.#namedOf(each)]);
    return { summaries, named };
  }

  async #summariesOf(place: Place): Promise<OutcomeSummaries> {
    return (await this.#summaries.read(this.#parts.db, [place])).get(place.id) ?? NO_DEVICES;
  }

  /** Without a number of devices nobody has named any, and nothing must be read. */
  async #namedOf(requests: readonly Pick<Place, 'pk' | 'id' | 'total'>[]): Promise<Map<number, Named>> {
    return this.#parts.devices.read(
      this.#parts.db,
      requests.filter(({ total }) => total !== null),
    );
  }

  /** The devices with what their messages tell, as far as that is needed. */
  async #devicesOf(place: Place, loaded: Loaded, needed: Needed): Promise<Devices> {
    const summaries = loaded.summaries.get(place.id) ?? NO_DEVICES;
    const facts: FactsOfRequest = needed ? (await this.#readFacts(place, summaries, needed.of)).facts : new Map();
    return { summaries, named: loaded.named.get(place.pk) ?? NOBODY, facts };
  }

  /** Reads up to `limit` more messages of devices with one of `statuses` (null: of all). */
  async #readFacts(place: Place, summaries: OutcomeSummaries, statuses: readonly OutcomeStatus[] | null, limit = Infinity) {
    const key = `${place.id} ${place.pk}`;
    const facts = this.#facts.of(key);
    const { seqs, hasMore } = missingFacts(facts, summaries, statuses, limit);
    for (let from = 0; from < seqs.length; from += FACTS_AT_ONCE) {
      const some = seqs.slice(from, from + FACTS_AT_ONCE);
      const found = await this.#messagesAt(some.map((seq) => ({ pk: place.pk, seq })));
      this.#facts.add(
        key,
        facts,
        some.map((seq) => [seq, found.get(`${place.pk}/${seq}`)?.message ?? null]),
      );
    }
    return { facts, isComplete: !hasMore };
  }

  /** Adds to outcomes their messages. Null for one whose messages were purged meanwhile. One statement reads all. */
  async #withMessages(outcomes: readonly OutcomeAt[]): Promise<(StoredOutcome | null)[]> {
    const messages = await this.#messagesAt(messagesOf(outcomes));
    return outcomes.map((outcome) =>
      messagesOf([outcome]).every(({ pk, seq }) => messages.has(`${pk}/${seq}`))
        ? showOutcome(outcome, (pk, seq) => messages.get(`${pk}/${seq}`) ?? null)
        : null,
    );
  }

  async #messagesAt(places: readonly MessagePlace[]): Promise<Map<string, StoredCallback | null>> {
    if (places.length === 0) return new Map();
    const { db, seals } = this.#parts;
    const rows = await db.rows<SealedRow & { readonly pk: number }>(MESSAGES, [places.map(({ pk }) => pk), places.map(({ seq }) => seq)]);
    return new Map(rows.map((row) => [`${row.pk}/${row.seq}`, toStoredCallback(seals, row.pk, row)]));
  }
}

const NOBODY: Named = new NamedDevices([]);

function outcomeAt({ pk, id }: Place, { summaries, named }: Loaded, index: number): OutcomeAt[] {
  const outcome = summaries.get(id)?.at(index);
  return outcome ? [{ pk, requestId: id, index, requested: named.get(pk)?.identifiers(index) ?? null, ...outcome }] : [];
}

const MESSAGES = `SELECT w.pk, e.* FROM unnest($1::bigint[], $2::integer[]) AS w (pk, at_seq)
  CROSS JOIN LATERAL (SELECT ${MESSAGE} FROM event WHERE request_pk = w.pk AND seq = w.at_seq OFFSET 0) e`;
