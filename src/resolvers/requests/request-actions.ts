import type { DeviceSummary } from '../../datasources/request-log/outcome-reads.ts';
import type { StoredCarrierRequest, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import { operationNamed } from '../../operations/index.ts';
import { mayUse, type Caller, type Scope } from '../access/caller.ts';
import type { RetriedDevices } from './retried-devices.ts';
import { retryRefusal, type RetryFault } from './retry-choice.ts';

export const REQUEST_ACTIONS = ['CANCEL', 'RETRY_FAILED', 'RESOLVE_UNKNOWN', 'CHECK_NOW'] as const;
export type RequestActionName = (typeof REQUEST_ACTIONS)[number];

export type ActionRefusalCode = 'NOTHING_QUEUED' | 'NOT_UNKNOWN' | 'NOTHING_TO_ASK' | RetryFault;

/** Why an action is not allowed now. The mutation refuses with the same code and sentence. */
export interface ActionRefusal {
  readonly code: ActionRefusalCode;
  readonly message: string;
}

/** The caller may not change the request. Its mutation is answered as if there were no such request. */
export interface Forbidden {
  readonly code: 'FORBIDDEN';
  readonly message: string;
}

export interface RequestAction {
  readonly action: RequestActionName;
  /** Null when it is allowed. */
  readonly refusal: ActionRefusal | Forbidden | null;
}

type Parts = readonly StoredCarrierRequest[];

export interface RetryFacts {
  readonly failed: readonly DeviceSummary[];
  readonly retried: RetriedDevices;
}

/** What may be done with a Request now, by this caller. The mutations decide with the same functions. */
export async function decideActions(
  caller: Caller,
  request: StoredRequest,
  parts: Parts,
  readFacts: () => Promise<RetryFacts>,
): Promise<readonly RequestAction[]> {
  if (!mayUse(caller, request.account, 'write')) return REQUEST_ACTIONS.map((action) => ({ action, refusal: FORBIDDEN }));
  const { failed, retried } = hasFailed(request) ? await readFacts() : NOTHING_FAILED;
  const refusals: Readonly<Record<RequestActionName, ActionRefusal | Forbidden | null>> = {
    CANCEL: cancelRefusal(request, parts),
    RETRY_FAILED: mayRetry(caller, request) ? retryRefusal(request, failed, retried) : NO_TERMINATE,
    RESOLVE_UNKNOWN: resolveRefusal(parts),
    CHECK_NOW: checkRefusal(request, parts),
  };
  return REQUEST_ACTIONS.map((action) => ({ action, refusal: refusals[action] }));
}

/** A retry asks for what the first request asked for, so it needs the same right. */
export function mayRetry(caller: Caller, { operation, account }: StoredRequest): boolean {
  const scope = operationNamed(operation)?.scope;
  return scope === undefined || mayUse(caller, account, scope);
}

export function cancelRefusal(request: StoredRequest, parts: Parts): ActionRefusal | null {
  return parts.some(({ state }) => state === 'QUEUED') ? null : nothingQueued(request);
}

export function nothingQueued({ status }: StoredRequest): ActionRefusal {
  return { code: 'NOTHING_QUEUED', message: `No part of this request waits to be sent: it is ${status}.` };
}

export function resolveRefusal(parts: Parts): ActionRefusal | null {
  return parts.some(({ state }) => state === 'UNKNOWN') ? null : NOT_UNKNOWN;
}

export const NOT_UNKNOWN: ActionRefusal = {
  code: 'NOT_UNKNOWN',
  message: 'No such carrier request is UNKNOWN now. See `carrierRequests`.',
};

/**
 * There is something to ask the carrier when a part was sent, and a device of it has no result and the carrier's records would show
 * it, or a message is not tied to its device.
 */
export function checkRefusal(request: StoredRequest, parts: Parts): ActionRefusal | null {
  const { operation, progress } = request;
  const isOpen = progress.PENDING + progress.OVERDUE + progress.UNKNOWN > 0;
  const wasSent = parts.some(({ state }) => state === 'ACCEPTED' || state === 'UNKNOWN');
  const isShown = (operationNamed(operation)?.provenBy ?? 'NOTHING') !== 'NOTHING';
  return wasSent && ((isOpen && isShown) || progress.unmatched > 0) ? null : nothingToAsk(request);
}

export function nothingToAsk({ status }: StoredRequest): ActionRefusal {
  return {
    code: 'NOTHING_TO_ASK',
    message: `The carrier cannot tell more about this request, which is ${status}: no device of it is open and was sent, or nothing at the carrier shows its result.`,
  };
}

function hasFailed({ progress }: StoredRequest): boolean {
  return progress.FAILED + progress.REJECTED > 0;
}

const NOTHING_FAILED: RetryFacts = { failed: [], retried: new Map() };

const FORBIDDEN: Forbidden = forbidWithout('write');
const NO_TERMINATE: Forbidden = forbidWithout('terminate');

function forbidWithout(scope: Scope): Forbidden {
  return { code: 'FORBIDDEN', message: `Your key or token does not have the scope ${scope} for the account of this request.` };
}
