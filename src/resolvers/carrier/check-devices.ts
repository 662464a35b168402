import type { PartsOf } from '../../datasources/request-log/store.ts';
import type { NextTurn, RequestedDevice } from '../../datasources/request-log/stored-request.ts';
import { parseIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { identifierKey, isSameKey, keyOf, stemOf } from '../../datasources/thingspace/wire/same-identifier.ts';
import { readDeviceState, type DeviceState } from '../../datasources/thingspace/wire/state-words.ts';
import { GatewayError } from '../../errors.ts';
import type { Operation } from '../../operations/define-operation.ts';
import type { Caller } from '../access/caller.ts';
import { findLineWarnings } from '../requests/line-warnings.ts';
import type { CarrierDevice, CarrierReader } from './carrier-reader.ts';

export type CheckVerdict = 'READY' | 'LIMIT_REACHED' | 'DONE' | 'NOT_ALLOWED' | 'UNDER_WAY' | 'NOT_FOUND' | 'NOT_CLEAR' | 'NOT_CHECKED';

/** What would become of one device if the operation were asked for now. */
export interface DeviceCheck {
  readonly index: number;
  readonly verdict: CheckVerdict;
  /** Null when the carrier has no record, or several. */
  readonly device: CarrierDevice | null;
}

export interface DeviceCheckResult {
  /** One for each device that was asked for, in their order. */
  readonly devices: readonly DeviceCheck[];
  /** Where the carrier's list goes on; null when all of it was read. */
  readonly next: string | null;
}

interface CheckParts {
  readonly carrier: Pick<CarrierReader, 'devices' | 'device'>;
  readonly store: PartsOf<{ requests: 'countUses' }>;
  readonly nextTurn: NextTurn;
}

interface AskedCheck {
  readonly operation: Operation;
  readonly account: string;
  readonly devices: readonly RequestedDevice[];
  /** Where an earlier check of the same devices has ended. */
  readonly after: string | null;
}

type Records = Map<number, readonly CarrierDevice[]>;

/** So many are looked up one by one. For more, the account's list is read page by page. */
const LOOKED_UP = 40;
const PAGE = 500;
/** A check ends after so long. Clients and proxies give an answer up after a minute or sooner. */
const PATIENCE_MS = 20_000;

/**
 * Asks the carrier for the state of devices before a billable action, and our own log for what is under way. Nothing is changed. It goes
 * through the budget of reads. When that is used up, or the list is long, it ends before all is read.
 *
 * @throws GatewayError as the methods of `CarrierReader` do, when nothing could be read
 */
export async function checkDevices(parts: CheckParts, caller: Caller, asked: AskedCheck): Promise<DeviceCheckResult> {
  const { operation, account, devices, after } = asked;
  const isShort = devices.length <= LOOKED_UP && after === null;
  const { records, isRead, next } = await (isShort ? lookUp : sweep)(parts, caller, asked);
  const warnings = await findLineWarnings(parts.store, { operation, account, devices, at: Date.now() }, parts.nextTurn);
  const warned = (isMeant: (code: string) => boolean) =>
    new Set(warnings.filter(({ code }) => isMeant(code)).flatMap(({ indexes }) => indexes));
  const underWay = warned((code) => code === 'UNDER_WAY');
  const often = warned((code) => code !== 'UNDER_WAY');
  const checks = devices.map((_, index): DeviceCheck => {
    const own = records.get(index) ?? [];
    const device = own.length === 1 ? (own[0] ?? null) : null;
    if (own.length > 1) return { index, verdict: 'NOT_CLEAR', device };
    if (device === null && !isRead(index)) return { index, verdict: 'NOT_CHECKED', device };
    const verdict = underWay.has(index) ? 'UNDER_WAY' : judge(operation, device && readDeviceState(device.state));
    return { index, verdict: verdict === 'READY' && often.has(index) ? 'LIMIT_REACHED' : verdict, device };
  });
  return { devices: checks, next };
}

/** @param state null when the carrier has no record. */
function judge({ states }: Operation, state: DeviceState | null): CheckVerdict {
  if (state === null) return states?.takesUnknown ? 'READY' : 'NOT_FOUND';
  if (state === 'PENDING') return 'UNDER_WAY';
  if (!states) return 'READY';
  if (state === states.to) return 'DONE';
  if (state === 'OTHER') return 'NOT_CLEAR';
  return states.from.includes(state) ? 'READY' : 'NOT_ALLOWED';
}

interface Read {
  readonly records: Records;
  /** Whether the carrier would have told a record of the device, if it had one. */
  readonly isRead: (index: number) => boolean;
  readonly next: string | null;
}

async function lookUp({ carrier }: CheckParts, caller: Caller, { account, devices }: AskedCheck): Promise<Read> {
  const records: Records = new Map();
  let read = 0;
  for (const [index, { deviceIds }] of devices.entries()) {
    const [first] = deviceIds;
    const kind = parseIdentifierKind(first?.kind ?? '');
    const found = first && kind ? await unlessLimited(carrier.device(caller, account, { kind, value: first.id }), index > 0) : null;
    if (found === LIMITED) break;
    if (found) records.set(index, [found]);
    read++;
  }
  return { records, isRead: (index) => index < read, next: null };
}

async function sweep({ carrier, nextTurn }: CheckParts, caller: Caller, { account, devices, after }: AskedCheck): Promise<Read> {
  const records: Records = new Map();
  const byStem = Map.groupBy(
    devices.flatMap(({ deviceIds }, index) =>
      deviceIds.map(({ kind, id }) => ({ index, key: identifierKey(parseIdentifierKind(kind), id, kind) })),
    ),
    ({ key }) => stemOf(key),
  );
  const end = performance.now() + PATIENCE_MS;
  let next = after ?? '0';
  for (let pages = 0; performance.now() < end; pages++) {
    const page = await unlessLimited(carrier.devices(caller, account, {}, next, PAGE), pages > 0);
    if (page === LIMITED) break;
    await nextTurn();
    for (const record of page.rows) {
      const keys = record.deviceIds.map(keyOf);
      const meant = keys.flatMap((key) => (byStem.get(stemOf(key)) ?? []).filter((each) => isSameKey(each.key, key)));
      for (const index of new Set(meant.map((each) => each.index))) records.set(index, [...(records.get(index) ?? []), record]);
    }
    const last = page.rows.at(-1)?.cursor;
    if (!page.hasMore || last === undefined) return { records, isRead: () => true, next: null };
    next = last;
  }
  return { records, isRead: () => false, next };
}

const LIMITED = Symbol('limited');

/** What has been read is told, also when the share of the caller is used up for now. */
async function unlessLimited<Answer>(asking: Promise<Answer>, hasRead: boolean): Promise<Answer | typeof LIMITED> {
  try {
    return await asking;
  } catch (error) {
    if (hasRead && error instanceof GatewayError && error.code === 'RATE_LIMITED') return LIMITED;
    throw error;
  }
}
