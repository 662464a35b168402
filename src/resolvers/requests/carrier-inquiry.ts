import type { DueCarrierRequest, Finding, SilentDevice } from '../../datasources/request-log/follow-up-log.ts';
import type { RequestLog } from '../../datasources/request-log/request-log.ts';
import type { CarrierReads, DeviceId } from '../../datasources/thingspace/carrier-reads.ts';
import { operationNamed } from '../../operations/index.ts';
import type { ProvenBy } from '../../operations/proof.ts';
import type { DeviceIdentifier, DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { keyOf } from '../../datasources/thingspace/wire/device-identifier.ts';
import type { DeviceRecord } from '../../datasources/thingspace/wire/device-list.ts';
import { evidenceOf, type Evidence } from '../../datasources/thingspace/wire/evidence.ts';
import { GatewayError, isDamagedRequest } from '../../errors.ts';
import type { Quota } from '../../lib/quota.ts';

export interface AskCarrierOptions {
  readonly requestLog: Pick<RequestLog, 'silentDevices' | 'reconcile' | 'step'>;
  readonly reads: CarrierReads;
  readonly quota: Quota;
  readonly now: () => number;
  /** The carrier refuses one of the questions, or a request is damaged; the others are asked all the same. */
  readonly onRefused: (error: GatewayError) => void;
}

/** A carrier request whose operation leaves a trace that can be looked for. */
export interface Askable extends DueCarrierRequest {
  readonly provenBy: ProvenBy;
}

/** A device that is looked for, and for which carrier request. */
interface Wanted {
  readonly request: Askable;
  readonly device: SilentDevice;
}

/** Up to so many devices are looked up one by one; for more, pages of the account's list take fewer calls. */
const LOOKUPS_AT_MOST = 20;

/** Kinds a device is looked up by, the surest first. */
const LOOKUP_KINDS: readonly DeviceIdentifierKind[] = ['ICCID', 'EID', 'IMEI', 'MEID', 'ESN', 'MDN'];

/** Null where asking teaches nothing: nothing the carrier tells shows a renewed activation code, or what another tool wanted. */
export function askable(request: DueCarrierRequest): Askable | null {
  const provenBy = operationNamed(request.operation)?.provenBy ?? 'NOTHING';
  return provenBy === 'NOTHING' ? null : { ...request, provenBy };
}

/**
 * Asks the carrier about the silent devices of an account's carrier requests, and writes what it learns into the log as it
 * goes: the status of a single-device activation, else the device list (device by device when they are few, page by page when
 * they are many), else the history. Each call waits for its place in the quota.
 *
 * What is found of a carrier request of unknown fate proves that it had arrived.
 *
 * @returns devices settled
 * @throws GatewayError when the carrier cannot be asked now; what was learnt before is written.
 */
export async function askCarrier(options: AskCarrierOptions, requests: readonly Askable[], signal: AbortSignal): Promise<number> {
  let settled = 0;
  const wanted: Wanted[] = [];
  for (const request of requests) {
    const devices = await silentDevices(options, request);
    const [only] = devices;
    if (only && request.deviceCount === 1 && request.carrierRequestId !== null && request.provenBy.requestStatus) {
      const answer = await askStatus(options, request, request.carrierRequestId, only, signal);
      if (answer === 'PENDING') continue;
      if (answer) {
        settled += await write(options, [{ ...answer, ...placeOf({ request, device: only }), index: only.index }]);
        continue;
      }
    }
    wanted.push(...devices.map((device) => ({ request, device })));
  }
  return settled + (await (wanted.length <= LOOKUPS_AT_MOST ? lookUp(options, wanted, signal) : sweep(options, wanted, signal)));
}

/** None of a damaged request: the others are asked about all the same. */
async function silentDevices({ requestLog, onRefused }: AskCarrierOptions, request: Askable): Promise<readonly SilentDevice[]> {
  try {
    return await requestLog.silentDevices(request.requestId, request.position);
  } catch (error) {
    if (!isDamagedRequest(error)) throw error;
    onRefused(error);
    return [];
  }
}

/** Null where the carrier has no status to tell. */
async function askStatus(
  options: AskCarrierOptions,
  request: Askable,
  carrierRequestId: string,
  device: SilentDevice,
  signal: AbortSignal,
): Promise<Evidence | 'PENDING' | null> {
  await options.quota.take(signal);
  const status = await unlessRefused(options, options.reads.requestStatus(request.account, carrierRequestId));
  if (status === null || status === 'PENDING') return status;
  if (status === 'FAILED') return evidenceOf('RequestStatus', { succeeded: false, deviceIds: [] });
  // The status names no phone number: the list does.
  const id = lookupId(device);
  const record = id && (await recordOf(options, request.account, id, signal));
  return evidenceOf('RequestStatus', { succeeded: true, ...(record ? shown(record) : { deviceIds: [] }) });
}

/** One device after the other, with its history where the list leaves it open. */
async function lookUp(options: AskCarrierOptions, wanted: readonly Wanted[], signal: AbortSignal): Promise<number> {
  const { reads, quota, now } = options;
  let settled = 0;
  for (const { request, device } of wanted) {
    const id = lookupId(device);
    const record = id && (await recordOf(options, request.account, id, signal));
    if (!id || !record) continue;
    const proof = request.provenBy.record(record, request.since);
    let proven = proof === 'DONE';
    let service: Evidence['service'] = 'DeviceList';
    if (proof === 'LOOK_CLOSER') {
      await quota.take(signal);
      const history = reads.deviceHistory({ deviceId: id, earliestMs: request.since - 60_000, latestMs: now() + 60_000 });
      const events = await unlessRefused(options, history);
      proven = events !== null && request.provenBy.history(events, request.since);
      service = 'DeviceHistory';
    }
    if (!proven) continue;
    const evidence = evidenceOf(service, { succeeded: true, ...shown(record) });
    settled += await write(options, [{ ...evidence, ...placeOf({ request, device }), index: device.index }]);
  }
  return settled;
}

/** Page by page through the account's devices, until all are found or the list ends. */
async function sweep(options: AskCarrierOptions, wanted: readonly Wanted[], signal: AbortSignal): Promise<number> {
  const { reads, quota } = options;
  const byKey = new Map<string, Wanted[]>();
  for (const each of wanted) for (const key of each.device.keys) byKey.set(key, [...(byKey.get(key) ?? []), each]);
  const left = new Set(wanted);
  const closer: Wanted[] = [];
  let settled = 0;
  const accountName = wanted[0]?.request.account ?? '';
  for (let after: string | null = '0'; after !== null && left.size > 0;) {
    await quota.take(signal);
    const page: Awaited<ReturnType<CarrierReads['listDevices']>> = await reads.listDevices({ accountName, after });
    const findings: (Finding & { readonly request: Askable })[] = [];
    for (const record of page.devices) {
      const meant = new Set(record.deviceIds.flatMap((identifier) => byKey.get(keyOf(identifier)) ?? []));
      for (const each of meant) {
        const proof = each.request.provenBy.record(record, each.request.since);
        if (proof === 'DONE') {
          // By its identifiers, not by its index: two of the list may share a weaker one.
          findings.push({ ...evidenceOf('DeviceList', { succeeded: true, ...shown(record) }), ...placeOf(each), index: null });
        }
        if (proof === 'LOOK_CLOSER') closer.push(each);
        left.delete(each);
      }
    }
    settled += await write(options, findings);
    after = page.next;
  }
  // Begun anywhere: where the carrier keeps breaking this off, it must not come to the same ones for ever.
  const from = Math.floor(Math.random() * closer.length);
  return settled + (await lookUp(options, [...closer.slice(from), ...closer.slice(0, from)], signal));
}

async function recordOf(
  options: AskCarrierOptions,
  accountName: string,
  deviceId: DeviceId,
  signal: AbortSignal,
): Promise<DeviceRecord | undefined> {
  await options.quota.take(signal);
  const page = await unlessRefused(options, options.reads.listDevices({ accountName, deviceId }));
  return page?.devices[0];
}

/** Null for a question that the carrier will not answer. */
async function unlessRefused<Said>({ onRefused }: AskCarrierOptions, question: Promise<Said>): Promise<Said | null> {
  try {
    return await question;
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'CARRIER_REFUSED') throw error;
    onRefused(error);
    return null;
  }
}

async function write({ requestLog }: AskCarrierOptions, findings: readonly (Finding & { readonly request: Askable })[]): Promise<number> {
  if (findings.length === 0) return 0;
  for (const { requestId, position } of new Set(
    findings.filter(({ request }) => request.state === 'UNKNOWN').map(({ request }) => request),
  ))
    await requestLog.step(requestId, position, { type: 'PROVEN' });
  return requestLog.reconcile(findings);
}

function placeOf({ request }: Wanted): { requestId: string; position: number; request: Askable } {
  return { requestId: request.requestId, position: request.position, request };
}

function shown({ deviceIds, state, servicePlan, ipAddress, profileStatus }: DeviceRecord) {
  return { deviceIds, state, servicePlan, ipAddress, profileStatus };
}

/** By what the request named; a device that only the carrier has named by what it said (the key of an IMEI is cut short). */
function lookupId({ requested, keys }: SilentDevice): DeviceId | null {
  const best = LOOKUP_KINDS.map((kind) => requested.find((identifier: DeviceIdentifier) => identifier.kind === kind)).find(Boolean);
  if (best?.kind) return { kind: best.kind, id: best.id };
  const [kind, id] = keys.find((key) => /^(?:ICCID|EID|MDN):/.test(key))?.split(':') ?? [];
  return kind !== undefined && id !== undefined ? { kind, id } : null;
}
