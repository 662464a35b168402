import * as z from 'zod';
import type { DeviceSummary } from '../../datasources/request-log/outcome-reads.ts';
import { parseOutcomeId, type RequestedDevice, type StoredRequest } from '../../datasources/request-log/stored-request.ts';
import { about, optional } from '../../operations/fields.ts';
import type { InputFault, InputFaultCode } from '../../operations/input-fault.ts';
import { operationNamed } from '../../operations/index.ts';
import { isRetriable } from './advice.ts';
import { nameForRetry, type RetriedDevices } from './retried-devices.ts';
import { keyOfDevice } from './same-input.ts';

const MAX_OUTCOMES = 10_000;
const MAX_CODES = 100;

const list = (most: number) =>
  optional(
    z
      .array(z.string())
      .min(1, about('must not be empty: leave it out to retry all failed devices.'))
      .max(most, about(`may have at most ${most} entries.`)),
  );

/** Which failed devices are retried: all, those named, or those with one of these fault codes. */
export const RETRY_CHOICE = z.object({ outcomeIds: list(MAX_OUTCOMES), faultCodes: list(MAX_CODES) });
export type RetryChoice = z.output<typeof RETRY_CHOICE>;

export type RetryFault = 'NOT_RETRIABLE' | 'NOTHING_FAILED' | 'ALREADY_RETRIED';

interface RetryRefusal {
  readonly code: RetryFault;
  readonly message: string;
}

const OF_ANOTHER_TOOL: RetryRefusal = {
  code: 'NOT_RETRIABLE',
  message: 'Another tool made this request. The gateway does not know what it asked for.',
};

/** A device that failed, as a retry would name it, and why it may not be retried. */
interface Candidate {
  readonly index: number;
  readonly code: string | null;
  readonly device: RequestedDevice;
  readonly fault: 'ALREADY_RETRIED' | 'NOT_RETRIABLE' | null;
}

/** The devices to retry, or the faults of the choice. */
export function chooseForRetry(
  request: StoredRequest,
  failed: readonly DeviceSummary[],
  retried: RetriedDevices,
  choice: RetryChoice,
): { readonly devices: readonly RequestedDevice[] } | { readonly faults: readonly InputFault[] } {
  const { outcomeIds, faultCodes } = choice;
  if (outcomeIds && faultCodes) return fault(['faultCodes'], 'EXACTLY_ONE', 'Give outcomeIds or faultCodes, and not both.');
  const candidates = listCandidates(request, failed, retried);
  if (candidates && outcomeIds) return chooseById(request.id, candidates, outcomeIds);
  if (candidates && faultCodes) return chooseByCode(candidates, faultCodes);
  const refusal = candidates ? refuseAll(candidates) : OF_ANOTHER_TOOL;
  return refusal ? fault(['requestId'], refusal.code, refusal.message) : { devices: allowed(candidates ?? []) };
}

/** Why no device of the Request may be retried; null when one may. */
export function retryRefusal(request: StoredRequest, failed: readonly DeviceSummary[], retried: RetriedDevices): RetryRefusal | null {
  const candidates = listCandidates(request, failed, retried);
  return candidates ? refuseAll(candidates) : OF_ANOTHER_TOOL;
}

/** Null for another tool's request. */
function listCandidates(request: StoredRequest, failed: readonly DeviceSummary[], retried: RetriedDevices): Candidate[] | null {
  const operation = operationNamed(request.operation);
  if (!operation) return null;
  return failed.flatMap((summary): Candidate[] => {
    const device = nameForRetry(summary, operation);
    if (!device) return [];
    const code = summary.fault?.code ?? null;
    const isHeld = retried.get(keyOfDevice(device))?.isHeld === true;
    const mayPass = code === null || isRetriable(code);
    return [{ index: summary.index, code, device, fault: isHeld ? 'ALREADY_RETRIED' : mayPass ? null : 'NOT_RETRIABLE' }];
  });
}

function chooseById(requestId: string, candidates: readonly Candidate[], ids: readonly string[]) {
  const byIndex = new Map(candidates.map((candidate) => [candidate.index, candidate]));
  const chosen = new Set<Candidate>();
  const faults: InputFault[] = [];
  for (const [at, id] of ids.entries()) {
    const named = parseOutcomeId(id);
    const candidate = named?.requestId === requestId ? byIndex.get(named.index) : undefined;
    const report = (code: InputFaultCode, message: string) => faults.push({ path: ['outcomeIds', at], code, message });
    if (named?.requestId !== requestId) report('NOT_OF_REQUEST', 'This is not the id of a device of the request.');
    else if (!candidate)
      report('NOT_FAILED', 'This device is not FAILED or REJECTED, or the carrier has not named it in a way to retry it.');
    else if (chosen.has(candidate)) report('DUPLICATE_DEVICE', 'Name each device once.');
    else if (candidate.fault) report(candidate.fault, SENTENCES[candidate.fault]);
    else chosen.add(candidate);
  }
  return faults.length > 0 ? { faults } : { devices: allowed([...chosen]) };
}

function chooseByCode(candidates: readonly Candidate[], codes: readonly string[]) {
  const faults: InputFault[] = [];
  for (const [at, code] of codes.entries()) {
    const refusal = refuseAll(candidates.filter((candidate) => candidate.code === code));
    if (refusal) faults.push({ path: ['faultCodes', at], ...refusal });
  }
  return faults.length > 0 ? { faults } : { devices: allowed(candidates.filter(({ code }) => code !== null && codes.includes(code))) };
}

/** Why none of them may be retried; null when one may. */
function refuseAll(candidates: readonly Candidate[]): RetryRefusal | null {
  if (candidates.length === 0) return { code: 'NOTHING_FAILED', message: 'No such device of this request has failed.' };
  if (candidates.some(({ fault: own }) => own === null)) return null;
  if (candidates.every(({ fault: own }) => own === 'ALREADY_RETRIED'))
    return { code: 'ALREADY_RETRIED', message: 'Every failed device is in a retry already (see `retries`). Follow or retry that.' };
  return {
    code: 'NOT_RETRIABLE',
    message: 'No failed device that is in no retry yet may succeed in one (see `Fault.retriable` and `Fault.advice`).',
  };
}

const SENTENCES = {
  ALREADY_RETRIED: 'This device is in a retry already (see `retriedIn`). Follow or retry that.',
  NOT_RETRIABLE: 'The same request cannot succeed for this device (see `Fault.retriable` and `Fault.advice`).',
} as const;

function allowed(candidates: readonly Candidate[]): readonly RequestedDevice[] {
  return candidates.flatMap(({ device, fault: own }) => (own === null ? [device] : []));
}

function fault(path: readonly string[], code: InputFaultCode, message: string): { readonly faults: readonly InputFault[] } {
  return { faults: [{ path, code, message }] };
}
