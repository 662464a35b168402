import type { CallbackFault } from '../../thingspace/wire/callback-meaning.ts';
import type { DeviceIdentifier } from '../../thingspace/wire/device-identifier.ts';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import type { OutcomeStatus } from '../stored-request.ts';
import type { OutcomeSummaries } from './outcome-summaries.ts';
import { toStoredCallback, type EventRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** What devices are counted and searched by. Only their messages tell it. */
export interface MessageFact {
  readonly fault: CallbackFault | null;
  readonly deviceIds: readonly DeviceIdentifier[];
}

/** Messages whose facts are in memory: half a kilobyte each. */
const CACHED_MESSAGES = 60_000;

/**
 * The facts in the messages of devices. A row never changes, so its facts are read once. To read those of 10,000 devices takes
 * 300 ms, so a caller reads them in steps.
 */
export class MessageFacts {
  readonly #sql: Pick<Statements, 'eventsByPlace'>;
  /** By Request, then by the row of the message. */
  readonly #facts = new BoundedCache<string, Map<number, MessageFact>>(CACHED_MESSAGES);

  constructor(sql: Pick<Statements, 'eventsByPlace'>) {
    this.#sql = sql;
  }

  /** Reads up to `limit` more messages of devices with one of `statuses` (null: of all). True when none is left. */
  read(pk: number, requestId: string, summaries: OutcomeSummaries, statuses: readonly OutcomeStatus[] | null, limit = Infinity): boolean {
    const known = this.#facts.get(requestId) ?? new Map<number, MessageFact>();
    const missing: number[] = [];
    for (let index = 0; index < summaries.count && missing.length <= limit; index++) {
      const outcome = summaries.at(index);
      if (!outcome || (statuses && !statuses.includes(outcome.status))) continue;
      for (const seq of [outcome.finalSeq, outcome.niddSeq]) if (seq > 0 && !known.has(seq)) missing.push(seq);
    }
    if (missing.length === 0) return true;
    const places = missing.slice(0, limit).map((seq) => [pk, seq]);
    for (const row of this.#sql.eventsByPlace.all(JSON.stringify(places)) as EventRow[]) {
      const message = toStoredCallback(row)?.message;
      known.set(row.seq, { fault: message?.fault ?? null, deviceIds: message?.deviceIds ?? [] });
    }
    this.#facts.set(requestId, known, known.size + 1);
    return missing.length <= limit;
  }

  /** The facts of a device that were read: of its final message, then of its NIDD message. */
  of(requestId: string, { finalSeq, niddSeq }: { readonly finalSeq: number; readonly niddSeq: number }): (MessageFact | null)[] {
    const known = this.#facts.get(requestId);
    return [known?.get(finalSeq) ?? null, known?.get(niddSeq) ?? null];
  }
}
