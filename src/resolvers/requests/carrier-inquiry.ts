import type { DueCarrierRequest, Finding, SilentDevice } from '../../datasources/request-log/follow-up-log.ts';
import type { RequestLog } from '../../datasources/request-log/request-log.ts';
import type { CarrierReads, DeviceId, DevicePage } from '../../datasources/thingspace/carrier-reads.ts';
import { operationNamed } from '../../operations/index.ts';
import type { ProvenBy } from '../../operations/proof.ts';
import { parseIdentifierKind, type DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { cleanIdentifier, fits, identifierKey, keyOf, stemOf } from '../../datasources/thingspace/wire/same-identifier.ts';
import type { DeviceRecord } from '../../datasources/thingspace/wire/device-list.ts';
import { evidenceOf, type Evidence, type EvidenceService } from '../../datasources/thingspace/wire/evidence.ts';
import { GatewayError, isDamagedRequest } from '../../errors.ts';
import type { Quota } from '../../lib/quota.ts';

interface CarrierInquiryOptions {
  readonly requestLog: Pick<RequestLog, 'silentDevices' | 'reconcile' | 'step'>;
  readonly reads: CarrierReads;
  readonly quota: Quota;
  readonly now: () => number;
  /** Ends all questions. */
  readonly signal: AbortSignal;
  /** The carrier refused a question, or a request is damaged. The inquiry goes on with the others. */
  readonly onRefused: (error: GatewayError) => void;
}

/** A carrier request whose operation leaves a trace at the carrier. */
export interface Askable extends DueCarrierRequest {
  readonly provenBy: ProvenBy;
}

/** A device that the carrier is asked about, and its carrier request. */
interface Wanted {
  readonly request: Askable;
  readonly device: SilentDevice;
}

type AskableFinding = Finding & Pick<Wanted, 'request'>;

/** The most devices that are looked up one by one. For more devices, pages of the account's list take fewer calls. */
const MAX_LOOKUPS = 20;

/** Kinds a device is looked up by, the surest first. */
const LOOKUP_KINDS: readonly DeviceIdentifierKind[] = ['ICCID', 'EID', 'IMEI', 'MEID', 'ESN', 'MDN'];

/** Null when no answer of the carrier can prove the operation, for example a renewed activation code or another tool's request. */
export function toAskable(request: DueCarrierRequest): Askable | null {
  const provenBy = operationNamed(request.operation)?.provenBy ?? 'NOTHING';
  return provenBy === 'NOTHING' ? null : { ...request, provenBy };
}

/** Asks the carrier what became of silent devices. Each call waits for its place in the quota. */
export class CarrierInquiry {
  readonly #options: CarrierInquiryOptions;

  constructor(options: CarrierInquiryOptions) {
    this.#options = options;
  }

  /**
   * Asks about the silent devices of an account's carrier requests, and writes what it learns into the log as it goes: first the
   * status of a single-device activation, then the device list (device by device for a few, page by page for many), then the
   * history. Something found of a carrier request of unknown fate proves that the request had arrived.
   *
   * @returns how many devices are settled
   * @throws GatewayError when the carrier cannot be asked now. What was learnt before is written.
   */
  async ask(requests: readonly Askable[]): Promise<number> {
    let settled = 0;
    const wanted: Wanted[] = [];
    for (const request of requests) {
      const devices = await this.#findSilentDevices(request);
      const [only] = devices;
      if (only && request.deviceCount === 1 && request.carrierRequestId !== null && request.provenBy.requestStatus) {
        const answer = await this.#askStatus(request, request.carrierRequestId, only);
        if (answer === 'PENDING') continue;
        if (answer) {
          settled += await this.#write([toFinding({ request, device: only }, only.index, answer)]);
          continue;
        }
      }
      wanted.push(...devices.map((device) => ({ request, device })));
    }
    return settled + (await (wanted.length <= MAX_LOOKUPS ? this.#lookUp(wanted) : this.#sweep(wanted)));
  }

  /** A damaged request has none. The inquiry goes on with the others. */
  async #findSilentDevices({ requestId, position }: Askable): Promise<readonly SilentDevice[]> {
    try {
      return await this.#options.requestLog.silentDevices(requestId, position);
    } catch (error) {
      if (!isDamagedRequest(error)) throw error;
      this.#options.onRefused(error);
      return [];
    }
  }

  /** Null when the carrier has no status of the request. */
  async #askStatus({ account }: Askable, carrierRequestId: string, device: SilentDevice): Promise<Evidence | 'PENDING' | null> {
    const status = await this.#query((reads) => reads.requestStatus(account, carrierRequestId));
    if (status === null || status === 'PENDING') return status;
    if (status === 'FAILED') return evidenceOf('RequestStatus', { succeeded: false, deviceIds: [] });
    // The status does not name the phone number. The device list does.
    const id = lookupId(device);
    const record = id && (await this.#findRecord(account, id));
    return record ? evidenceOfRecord('RequestStatus', record) : evidenceOf('RequestStatus', { succeeded: true, deviceIds: [] });
  }

  /** Looks up one device after the other, with its history when the list does not decide. */
  async #lookUp(wanted: readonly Wanted[]): Promise<number> {
    let settled = 0;
    for (const each of wanted) {
      const { provenBy, account, since } = each.request;
      const deviceId = lookupId(each.device);
      const record = deviceId && (await this.#findRecord(account, deviceId));
      if (!deviceId || !record) continue;
      const proof = provenBy.record(record, since);
      if (proof === 'NOT_YET') continue;
      if (proof === 'LOOK_CLOSER') {
        const range = { earliestMs: since - 60_000, latestMs: this.#options.now() + 60_000 };
        const events = await this.#query((reads) => reads.deviceHistory({ deviceId, ...range }));
        if (events === null || !provenBy.history(events, since)) continue;
      }
      const evidence = evidenceOfRecord(proof === 'DONE' ? 'DeviceList' : 'DeviceHistory', record);
      settled += await this.#write([toFinding(each, each.device.index, evidence)]);
    }
    return settled;
  }

  /** Goes through the account's devices page by page, until all are found or the list ends. */
  async #sweep(wanted: readonly Wanted[]): Promise<number> {
    const { reads, quota, signal } = this.#options;
    const byStem = Map.groupBy(
      wanted.flatMap((each) => [...new Set(each.device.keys.map(stemOf))].map((stem) => ({ stem, each }))),
      ({ stem }) => stem,
    );
    const named = (key: string) => (byStem.get(stemOf(key)) ?? []).flatMap(({ each }) => (fits(each.device.keys, key) ? [each] : []));
    const left = new Set(wanted);
    const undecided: Wanted[] = [];
    let settled = 0;
    const accountName = wanted[0]?.request.account ?? '';
    for (let after: string | null = '0'; after !== null && left.size > 0;) {
      await quota.take(signal);
      const page: DevicePage = await reads.listDevices({ accountName, after });
      const findings: AskableFinding[] = [];
      for (const record of page.devices) {
        for (const each of new Set(record.deviceIds.map(keyOf).flatMap(named))) {
          const proof = each.request.provenBy.record(record, each.request.since);
          // Identifiers name the device here, not its index: two wanted devices may share a weaker identifier.
          if (proof === 'DONE') findings.push(toFinding(each, null, evidenceOfRecord('DeviceList', record)));
          if (proof === 'LOOK_CLOSER') undecided.push(each);
          left.delete(each);
        }
      }
      settled += await this.#write(findings);
      after = page.next;
    }
    // Begins at a random device: if the carrier keeps breaking this off, later tries must reach other devices.
    const from = Math.floor(Math.random() * undecided.length);
    return settled + (await this.#lookUp([...undecided.slice(from), ...undecided.slice(0, from)]));
  }

  async #findRecord(accountName: string, deviceId: DeviceId): Promise<DeviceRecord | undefined> {
    const page = await this.#query((reads) => reads.listDevices({ accountName, deviceId }));
    const key = identifierKey(parseIdentifierKind(deviceId.kind), deviceId.id, deviceId.kind);
    const records = page?.devices.filter((record) => fits(spellingsOf(record, key) ?? [key], key)) ?? [];
    // 19 digits fit ten ICCIDs. Which of several devices is meant, nobody knows.
    return new Set(records.flatMap((record) => spellingsOf(record, key) ?? [])).size > 1 ? undefined : records[0];
  }

  /** Null when the carrier refuses the question. */
  async #query<Said>(question: (reads: CarrierReads) => Promise<Said>): Promise<Said | null> {
    const { reads, quota, signal, onRefused } = this.#options;
    await quota.take(signal);
    try {
      return await question(reads);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'CARRIER_REFUSED') throw error;
      onRefused(error);
      return null;
    }
  }

  async #write(findings: readonly AskableFinding[]): Promise<number> {
    if (findings.length === 0) return 0;
    const { requestLog } = this.#options;
    for (const { state, requestId, position } of new Set(findings.map(({ request }) => request)))
      if (state === 'UNKNOWN') await requestLog.step(requestId, position, { type: 'PROVEN' });
    return requestLog.reconcile(findings);
  }
}

function toFinding({ request }: Wanted, index: number | null, evidence: Evidence): AskableFinding {
  return { ...evidence, requestId: request.requestId, position: request.position, request, index };
}

function evidenceOfRecord(service: EvidenceService, record: DeviceRecord): Evidence {
  const { deviceIds, state, servicePlan, ipAddress, profileStatus } = record;
  return evidenceOf(service, { succeeded: true, deviceIds, state, servicePlan, ipAddress, profileStatus });
}

/** The keys of a record that have the kind of `key`. Null when it shows none: it need not show the kind that it was asked by. */
function spellingsOf({ deviceIds }: DeviceRecord, key: string): readonly string[] | null {
  const kind = key.slice(0, key.indexOf(':') + 1);
  const shown = [...new Set(deviceIds.map(keyOf).filter((each) => each.startsWith(kind)))];
  return shown.length === 0 ? null : shown;
}

/** What the request named. For a device that only the carrier has named, a key. */
function lookupId({ requested, keys }: SilentDevice): DeviceId | null {
  const best = LOOKUP_KINDS.map((kind) => requested.find((identifier) => identifier.kind === kind)).find(Boolean);
  if (best?.kind) return { kind: best.kind, id: cleanIdentifier(best.kind, best.id) };
  const [kind, id] =
    LOOKUP_KINDS.map((each) => keys.find((key) => key.startsWith(`${each}:`)))
      .find(Boolean)
      ?.split(':') ?? [];
  return kind !== undefined && id !== undefined ? { kind, id } : null;
}
