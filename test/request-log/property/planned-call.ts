import type { SqliteRequestLog } from '../../../src/datasources/request-log/sqlite/sqlite.ts';
import type { LogSource } from './log-source.ts';
import type { PlainForward, PlainDeadLetter, PlainLog } from './plain-log.ts';
import type { PlainRequest } from './plain-request.ts';

/** One call of the log, what it must answer, and the answer in the model's words. */
export interface PlannedCall {
  readonly name: string;
  readonly call: (log: SqliteRequestLog) => Promise<unknown>;
  readonly expected: unknown;
  /** It writes nothing, so it is answered in any case. */
  readonly isRead?: boolean;
}

/** What a planner has to go on: the model, which every plan brings forward, and how things stood before the turn. */
export interface Situation {
  readonly source: LogSource;
  readonly model: PlainLog;
  readonly now: number;
  /** One turn's worth of time. */
  readonly turnMs: number;
  /** The turn's only operation: nothing else runs between the parts of its call. */
  readonly isAlone: boolean;
  /** Before the turn: what calls may refer to, because it has an id at the log already. */
  readonly requests: readonly PlainRequest[];
  /** The log's id of a Request of the model. */
  readonly idOf: (request: PlainRequest) => string;
  /** Ids of what is kept, in the model's order, and of the copies in each lane. */
  readonly deadLetterIds: ReadonlyMap<PlainDeadLetter, string>;
  readonly forwardIds: ReadonlyMap<PlainForward, string>;
  /** A number nobody else got. */
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

/** The carrier requests there are; another tool's only if it was there before the turn, so that its id is known. */
export function partsOf({ model, requests }: Situation): PickedPart[] {
  return model.requests
    .filter((request) => request.origin === 'GATEWAY' || requests.includes(request))
    .flatMap((request) => request.parts.map((_, at) => ({ request, at })));
}
