import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';
import { readDeviceSearch } from './device-search.ts';
import type { FactsOfRequest } from './message-facts.ts';
import type { DeviceSummary, OutcomePage } from './outcome-reads.ts';
import type { OutcomeSummaries, OutcomeSummary } from './outcome-summaries.ts';
import type { OutcomeStatus, RequestedDevice } from './stored-request.ts';

/** The devices of a Request: how they stand, how they were named, and what their messages tell. */
export interface Devices {
  readonly summaries: OutcomeSummaries;
  readonly named: {
    /** Null for a device that nobody named. */
    device(index: number): RequestedDevice | null;
    identifiers(index: number): DeviceIdentifier[] | null;
  };
  readonly facts: FactsOfRequest;
}

/** The devices whose messages must be read before a page is chosen: those with these statuses, or all (null). */
export function factsNeeded({ faultCodes = null, search = null }: Pick<OutcomePage, 'faultCodes' | 'search'>): Needed {
  if (search !== null) return { of: null };
  return faultCodes === null ? null : { of: ['FAILED'] };
}

/** Null when no message must be read. */
export type Needed = { readonly of: readonly OutcomeStatus[] | null } | null;

/** Which devices of a Request belong to a page, and whether more would. */
export function choosePage(page: OutcomePage, devices: Devices): { readonly indexes: readonly number[]; readonly hasMore: boolean } {
  const { afterIndex, limit } = page;
  const belongs = outcomeFilter(page, devices);
  const indexes: number[] = [];
  for (let index = afterIndex + 1; index < devices.summaries.count && indexes.length <= limit; index++) {
    const outcome = devices.summaries.at(index);
    if (outcome && belongs(index, outcome)) indexes.push(index);
  }
  return { indexes: indexes.slice(0, limit), hasMore: indexes.length > limit };
}

function outcomeFilter(
  { statuses, faultCodes = null, search = null }: OutcomePage,
  { named, facts }: Devices,
): (index: number, outcome: OutcomeSummary) => boolean {
  const isMeant = search === null ? null : readDeviceSearch(search);
  return (index, outcome) => {
    if (statuses && !statuses.includes(outcome.status)) return false;
    if (faultCodes === null && search === null) return true;
    if (faultCodes !== null && outcome.status !== 'FAILED') return false;
    const [final, nidd] = [facts.get(outcome.finalSeq), facts.get(outcome.niddSeq)];
    if (faultCodes !== null && !faultCodes.includes(final?.fault?.code ?? '')) return false;
    return isMeant?.([...(named.identifiers(index) ?? []), ...(final?.deviceIds ?? []), ...(nidd?.deviceIds ?? [])]) ?? true;
  };
}

/** See `OutcomeReads.devices`. With FAILED among the statuses, the messages of FAILED devices must have been read. */
export function listDevices({ summaries, named, facts }: Devices, statuses: readonly OutcomeStatus[] | null): DeviceSummary[] {
  const found: DeviceSummary[] = [];
  for (let index = 0; index < summaries.count; index++) {
    const outcome = summaries.at(index);
    if (!outcome || (statuses && !statuses.includes(outcome.status))) continue;
    const { fault = null, deviceIds = [] } = (statuses && outcome.status === 'FAILED' && facts.get(outcome.finalSeq)) || {};
    found.push({ index, status: outcome.status, device: named.device(index), fault, reported: deviceIds });
  }
  return found;
}
