import { readDeviceSearch } from '../device-search.ts';
import type { DeviceSummary, OutcomePage } from '../outcome-reads.ts';
import type { OutcomeStatus } from '../stored-request.ts';
import type { MessageFacts } from './message-facts.ts';
import type { OutcomeSummaries, OutcomeSummary } from './outcome-summaries.ts';
import type { RequestedDevices } from './requested-devices.ts';
import type { RequestRow } from './sqlite-rows.ts';

/** The devices of a Request: how they stand, and how they were named. */
interface Devices {
  readonly summaries: OutcomeSummaries;
  readonly devices: RequestedDevices;
}

/** Whether a device belongs to a page. What only messages tell is read first, if it was not read before. */
export function outcomeFilter(
  { statuses, faultCodes = null, search = null }: OutcomePage,
  { pk, id }: RequestRow,
  { summaries, devices }: Devices,
  facts: MessageFacts,
): (index: number, outcome: OutcomeSummary) => boolean {
  if (search !== null) facts.read(pk, id, summaries, null);
  else if (faultCodes !== null) facts.read(pk, id, summaries, ['FAILED']);
  const isMeant = search === null ? null : readDeviceSearch(search);
  return (index, outcome) => {
    if (statuses && !statuses.includes(outcome.status)) return false;
    if (faultCodes === null && search === null) return true;
    if (faultCodes !== null && outcome.status !== 'FAILED') return false;
    const [final, nidd] = facts.of(id, outcome);
    if (faultCodes !== null && !faultCodes.includes(final?.fault?.code ?? '')) return false;
    return isMeant?.([...(devices.identifiers(pk, index, id) ?? []), ...(final?.deviceIds ?? []), ...(nidd?.deviceIds ?? [])]) ?? true;
  };
}

/** See `OutcomeReads.devices`. */
export function listDevices(
  { pk, id }: RequestRow,
  { summaries, devices }: Devices,
  statuses: readonly OutcomeStatus[] | null,
  facts: MessageFacts,
): DeviceSummary[] {
  if (statuses?.includes('FAILED')) facts.read(pk, id, summaries, ['FAILED']);
  const found: DeviceSummary[] = [];
  for (let index = 0; index < summaries.count; index++) {
    const outcome = summaries.at(index);
    if (!outcome || (statuses && !statuses.includes(outcome.status))) continue;
    const [final] = statuses && outcome.status === 'FAILED' ? facts.of(id, outcome) : [];
    const { fault = null, deviceIds = [] } = final ?? {};
    found.push({ index, status: outcome.status, device: devices.device(pk, index, id), fault, reported: deviceIds });
  }
  return found;
}
