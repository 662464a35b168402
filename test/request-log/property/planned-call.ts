import type { LogSource } from './log-source.ts';
import type { PlainLog } from './plain-log.ts';
import type { PlainDeadLetter, PlainForward } from './plain-shapes.ts';
import type { PlainRequest } from './plain-request.ts';
import type { FlatStore } from '../../support/flat-store.ts';

/** One call of the log, what it must answer, and the answer in the model's words. */
export interface PlannedCall {
  readonly name: string;
  readonly call: (log: FlatStore) => Promise<unknown>;
  readonly expected: unknown;
  /** True for a call that writes nothing. It is answered even when the turn fails. */
  readonly isRead?: boolean;
}

/** What a planner knows: the model, which every plan brings forward, and the state before the turn. */
export interface Situation {
  readonly source: LogSource;
  readonly model: PlainLog;
  readonly now: number;
  /** The length of one turn. */
  readonly turnMs: number;
  /** True when the turn has one operation only, so that nothing else runs between the parts of its call. */
  readonly isAlone: boolean;
  /** The Requests before the turn. Calls may refer to them, because the log has given them ids. */
  readonly requests: readonly PlainRequest[];
  /** The log's id of a Request of the model. */
  readonly idOf: (request: PlainRequest) => string;
  /** The ids of dead letters, in the model's order, and of the copies in each lane. */
  readonly deadLetterIds: ReadonlyMap<PlainDeadLetter, string>;
  readonly forwardIds: ReadonlyMap<PlainForward, string>;
  /** A number that is given only once. */
  readonly nextNumber: () => number;
}

export const ACCOUNTS = ['account-1', 'account-2'] as const;
export const ERROR = { code: 'TOLD', message: 'as the test says' };

/** The `ago`th from the end, going round. */
export function pick<Item>(items: readonly Item[], ago: number): Item | undefined {
  return items.length === 0 ? undefined : items[items.length - 1 - (ago % items.length)];
}

export interface PickedPart {
  readonly request: PlainRequest;
  readonly at: number;
}

/** All carrier requests. Another tool's is among them only if it was there before the turn, because its id must be known. */
export function partsOf({ model, requests }: Situation): PickedPart[] {
  return model.requests
    .filter((request) => request.origin === 'GATEWAY' || requests.includes(request))
    .flatMap((request) => request.parts.map((_, at) => ({ request, at })));
}
