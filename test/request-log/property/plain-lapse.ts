import type { Lapsed } from '../../../src/datasources/request-log/follow-up-log.ts';
import type { OutcomeStatus } from '../../../src/datasources/request-log/stored-request.ts';
import { change, type PlainRequest } from './plain-request.ts';
import { UNSETTLED } from './plain-steps.ts';

/** From which device on, and how many are looked at. */
interface LapseStep {
  readonly from: number;
  readonly limit: number;
}

export function lapse(request: PlainRequest, at: number, into: 'OVERDUE' | 'EXPIRED', { from, limit }: LapseStep, now: number): Lapsed {
  const part = request.parts[at];
  if (!part || !(part.state === 'ACCEPTED' || (part.state === 'UNKNOWN' && into === 'EXPIRED'))) return { devices: 0, next: null };
  const moves: readonly OutcomeStatus[] = into === 'OVERDUE' ? ['PENDING'] : UNSETTLED;
  // The devices that the part named, then all that nobody named.
  const named = request.parts.map(({ deviceCount }) => deviceCount ?? request.total ?? 0);
  const first = named.reduce((sum, count) => sum + count, 0);
  const own = request.devices.flatMap((_device, index) => {
    const isNamed = index >= part.firstIndex && index < part.firstIndex + (named[at] ?? 0);
    return index >= from && (isNamed || index >= first) ? [index] : [];
  });
  const last = own[limit - 1] ?? -1;
  const next = own.length > limit ? last + 1 : null;
  let devices = 0;
  change(request, now, (row) => {
    for (const index of own.slice(0, limit)) {
      const device = request.devices[index];
      if (!device || device.part !== at || !moves.includes(device.status)) continue;
      device.status = into;
      devices++;
      row(index);
    }
    if (next !== null || into === 'OVERDUE') return;
    if (request.devices.some(({ part: owner, status }) => owner === at && UNSETTLED.includes(status))) return;
    part.state = 'CLOSED';
    row(null);
  });
  return { devices, next };
}
