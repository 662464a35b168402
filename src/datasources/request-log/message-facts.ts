import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { CallbackFault } from '../thingspace/wire/callback-meaning.ts';
import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { OutcomeSummaries } from './outcome-summaries.ts';
import type { OutcomeStatus } from './stored-request.ts';

/** What devices are counted and searched by. Only their messages tell it. */
export interface MessageFact {
  readonly fault: CallbackFault | null;
  readonly deviceIds: readonly DeviceIdentifier[];
}

/** Of one Request, by the row of the message. */
export type FactsOfRequest = Map<number, MessageFact>;

/** Messages whose facts are in memory: half a kilobyte each. */
const CACHED_MESSAGES = 60_000;

/**
 * The facts in the messages of devices. A row never changes, so its facts are read once. To read those of 10,000 devices takes
 * 300 ms, so a caller reads them in steps.
 */
export class MessageFacts {
  readonly #facts = new BoundedCache<string, FactsOfRequest>(CACHED_MESSAGES);

  of(requestId: string): FactsOfRequest {
    return this.#facts.get(requestId) ?? new Map<number, MessageFact>();
  }

  /** Adds messages that were read to the facts of their Request, and remembers them. */
  add(requestId: string, facts: FactsOfRequest, messages: Iterable<readonly [seq: number, message: CallbackMessage | null]>): void {
    for (const [seq, message] of messages) facts.set(seq, { fault: message?.fault ?? null, deviceIds: message?.deviceIds ?? [] });
    this.#facts.set(requestId, facts, facts.size + 1);
  }
}

/** Up to `limit` messages of devices with one of `statuses` (null: of all) that were not read yet, and whether there are more. */
export function missingFacts(
  facts: FactsOfRequest,
  summaries: OutcomeSummaries,
  statuses: readonly OutcomeStatus[] | null,
  limit: number,
): { readonly seqs: number[]; readonly hasMore: boolean } {
  const missing: number[] = [];
  for (let index = 0; index < summaries.count && missing.length <= limit; index++) {
    const outcome = summaries.at(index);
    if (!outcome || (statuses && !statuses.includes(outcome.status))) continue;
    for (const seq of [outcome.finalSeq, outcome.niddSeq]) if (seq > 0 && !facts.has(seq)) missing.push(seq);
  }
  return { seqs: missing.slice(0, limit), hasMore: missing.length > limit };
}
