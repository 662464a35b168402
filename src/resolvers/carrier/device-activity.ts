import type { ActivityPage } from '../../datasources/thingspace/activity-reads.ts';
import type { DeviceId, HistoryQuery } from '../../datasources/thingspace/carrier-reads.ts';
import type { DeviceIdentifier } from '../../datasources/thingspace/wire/device-identifier.ts';
import { keyOf } from '../../datasources/thingspace/wire/same-identifier.ts';
import { GatewayError } from '../../errors.ts';

export const MAX_RANGE_DAYS = 366;
const DAY_MS = 86_400_000;

/** Kinds that name one line, the surest first. An EID may name several. */
const LINE_KINDS = ['ICCID', 'IMEI', 'MEID', 'ESN', 'MDN'] as const;

/** A range of time, in milliseconds. */
export interface AskedRange {
  readonly since: number;
  /** Null for now. */
  readonly until: number | null;
}

/**
 * The question for a range of time. Null for a device without an identifier to ask by.
 *
 * @throws GatewayError BAD_USER_INPUT
 */
export function activityQuery(
  { deviceIds }: { readonly deviceIds: readonly DeviceIdentifier[] },
  { since, until }: AskedRange,
  now: number,
): HistoryQuery | null {
  // Whole seconds: so the same question a moment later is the same.
  const latestMs = Math.ceil((until ?? now) / 1000) * 1000;
  if (since >= latestMs) throw new GatewayError('BAD_USER_INPUT', '`since` must be before `until`, or in the past without it.');
  if (latestMs - since > MAX_RANGE_DAYS * DAY_MS)
    throw new GatewayError('BAD_USER_INPUT', `From \`since\` to \`until\` there may be ${MAX_RANGE_DAYS} days. Ask for a shorter time.`);
  const deviceId = lineOf(deviceIds);
  return deviceId && { deviceId, earliestMs: since, latestMs };
}

function lineOf(deviceIds: readonly DeviceIdentifier[]): DeviceId | null {
  const best = LINE_KINDS.map((kind) => deviceIds.find((identifier) => identifier.kind === kind)).find(Boolean);
  return best?.kind ? { kind: best.kind, id: best.id } : null;
}

/** The first entries of a page. */
export function firstOf<Entry>({ events, hasMore }: ActivityPage<Entry>, first: number): ActivityPage<Entry> {
  return { events: events.slice(0, first), hasMore: hasMore || events.length > first };
}

/** What requests about the device may name it by. */
export function requestKeys({ deviceIds }: { readonly deviceIds: readonly DeviceIdentifier[] }): string[] {
  return [...new Set(deviceIds.filter(({ kind }) => kind !== null && kind !== 'IMSI' && kind !== 'MIN').map(keyOf))];
}
