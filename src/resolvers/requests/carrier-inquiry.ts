import type { DueCarrierRequest, Finding, SilentDevice } from '../../datasources/request-log/follow-up-log.ts';
import type { PartsOf } from '../../datasources/request-log/store.ts';
import { outcomeId } from '../../datasources/request-log/stored-request.ts';
import type { CarrierReads, DevicePage } from '../../datasources/thingspace/carrier-reads.ts';
import { fits, keyOf, stemOf } from '../../datasources/thingspace/wire/same-identifier.ts';
import type { DeviceRecord } from '../../datasources/thingspace/wire/device-list.ts';
import { evidenceOf, type Evidence, type EvidenceService } from '../../datasources/thingspace/wire/evidence.ts';
import { GatewayError, isDamagedRequest } from '../../errors.ts';
import type { Quota } from '../../lib/quota.ts';
import type { ProvenBy } from '../../operations/proof.ts';
import { DevicesAside } from './devices-aside.ts';
import { isAbout, lasting, learnIdentifiers, lookupId, onlyOf } from './identify-devices.ts';

interface CarrierInquiryOptions {
  readonly store: PartsOf<{ followUp: 'silentDevices' | 'unmatchedDevices' | 'reconcile' | 'learn'; sending: 'step' }>;
  readonly reads: CarrierReads;
  readonly quota: Quota;
  readonly now: () => number;
  /** The first pause before a device is asked about again whose question was refused. It doubles. */
  readonly firstPauseMs: number;
  /** Ends all questions. */
  readonly signal: AbortSignal;
  /** The carrier refused a question, or a request is damaged. The inquiry goes on with the others. */
  readonly onRefused: (error: GatewayError, about: RefusedQuestion | null) => void;
}

/** The device whose question was refused. */
export interface RefusedQuestion {
  readonly requestId: string;
  /** The id of its outcome. */
  readonly outcome: string;
}

/** A carrier request to ask about. */
export interface Question extends DueCarrierRequest {
  /** What proves its silent devices done. Null when they are not asked about: nothing proves them, or it is too early. */
  readonly provenBy: ProvenBy | null;
  /** Somebody asks for it now: devices whose question was refused do not wait. */
  readonly isUrgent: boolean;
}

export interface InquiryResult {
  readonly settled: number;
  /** The questions with unmatched messages of whose devices the carrier has told all it knows. */
  readonly toldAll: readonly Question[];
}

/** A device that the carrier is asked about. */
interface Wanted {
  readonly question: Question;
  readonly device: SilentDevice;
  /** Null when it is only asked which identifiers the device has. */
  readonly provenBy: ProvenBy | null;
  /** Unmatched messages may mean it. */
  readonly identifies: boolean;
}

/** The records that were found for each device. A device is missing while the carrier has not answered about it. */
type Told = Map<Wanted, readonly DeviceRecord[]>;

type QuestionFinding = Finding & Pick<Wanted, 'question'>;

/** The most devices that are looked up one by one. For more devices, pages of the account's list take fewer calls. */
const MAX_LOOKUPS = 20;

/** Devices whose identifiers are written in one job. It takes a few milliseconds, and a callback waits no longer. */
const LEARNT_AT_ONCE = 250;

/** Asks the carrier what became of silent devices, and whom messages mean. Each call waits for its place in the quota. */
export class CarrierInquiry {
  readonly #options: CarrierInquiryOptions;
  readonly #aside: DevicesAside;

  constructor(options: CarrierInquiryOptions) {
    this.#options = options;
    this.#aside = new DevicesAside(options.firstPauseMs);
  }

  /**
   * Asks about an account's carrier requests, and writes what it learns into the log as it goes: first the status of a single-device
   * activation, then the device list (device by device for a few, page by page for many), then the history. A record proves a silent
   * device done, or ties identifiers of unmatched messages to their device. Something found of a carrier request of unknown fate
   * proves that the request had arrived.
   *
   * @throws GatewayError when the carrier cannot be asked now. What was proven before is written. Identifiers are not: those of the
   *   devices that are missing might be the same.
   */
  async ask(questions: readonly Question[]): Promise<InquiryResult> {
    const wanted: Wanted[] = [];
    let settled = 0;
    for (const question of questions) {
      const { provenBy, ...rest } = question;
      const isDone = provenBy?.requestStatus ? await this.#settleByStatus({ ...rest, provenBy }) : null;
      if (isDone) settled++;
      wanted.push(...(await this.#findWanted({ ...question, provenBy: isDone === null ? provenBy : null })));
    }
    const told: Told = new Map();
    settled += await (wanted.length <= MAX_LOOKUPS ? this.#lookUp(wanted, told) : this.#sweep(wanted, told));
    const toldAll: Question[] = [];
    for (const question of questions.filter(({ unmatched }) => unmatched > 0)) {
      const own = wanted.filter((each) => each.identifies && isSame(each.question, question));
      if (await this.#identify(question, own, told)) toldAll.push(question);
    }
    return { settled, toldAll };
  }

  /** A damaged request has no devices. The inquiry goes on with the others. */
  async #findWanted(question: Question): Promise<Wanted[]> {
    const { store, onRefused } = this.#options;
    const { requestId, position, provenBy, unmatched } = question;
    try {
      const found = new Map<number, Wanted>();
      for (const device of provenBy ? await store.followUp.silentDevices(requestId, position) : [])
        found.set(device.index, { question, device: lasting(device), provenBy, identifies: false });
      for (const device of unmatched > 0 ? await store.followUp.unmatchedDevices(requestId, position) : [])
        found.set(device.index, {
          question,
          device: lasting(device),
          provenBy: found.has(device.index) ? provenBy : null,
          identifies: true,
        });
      return [...found.values()];
    } catch (error) {
      if (!isDamagedRequest(error)) throw error;
      onRefused(error, null);
      return [];
    }
  }

  /** True when the status of a single-device request settles its device, false when the carrier is still at it, null when it is not told. */
  async #settleByStatus(question: Question): Promise<boolean | null> {
    const { account, carrierRequestId, deviceCount } = question;
    if (deviceCount !== 1 || carrierRequestId === null) return null;
    const [only] = await this.#findWanted({ ...question, unmatched: 0 });
    if (!only) return null;
    const status = await this.#query((reads) => reads.requestStatus(account, carrierRequestId), null);
    if (status === null) return null;
    if (status === 'PENDING') return false;
    const evidence =
      status === 'FAILED' ? evidenceOf('RequestStatus', { succeeded: false, deviceIds: [] }) : await this.#describeSuccess(only);
    return (await this.#write([toFinding(only, only.device.index, evidence)])) > 0;
  }

  /** The status does not name the phone number. The device list does. */
  async #describeSuccess(wanted: Wanted): Promise<Evidence> {
    const record = onlyOf(wanted, (await this.#findRecords(wanted)) ?? []);
    return record ? evidenceOfRecord('RequestStatus', record) : evidenceOf('RequestStatus', { succeeded: true, deviceIds: [] });
  }

  /** Looks up one device after the other, with its history when the list does not decide. Those that were refused before come last. */
  async #lookUp(wanted: readonly Wanted[], told: Told): Promise<number> {
    let settled = 0;
    const ready = wanted.filter((each) => each.question.isUrgent || !this.#aside.isWaiting(idOf(each)));
    for (const each of ready.toSorted((one, other) => this.#aside.refusals(idOf(one)) - this.#aside.refusals(idOf(other)))) {
      const records = await this.#findRecords(each);
      if (records === null) continue;
      told.set(each, records);
      const record = onlyOf(each, records);
      if (!record) continue;
      const service = await this.#prove(each, record);
      if (service) settled += await this.#write([toFinding(each, each.device.index, evidenceOfRecord(service, record))]);
    }
    return settled;
  }

  /** What proves the device done; null when nothing does. */
  async #prove(wanted: Wanted, record: DeviceRecord): Promise<EvidenceService | null> {
    const { provenBy, device } = wanted;
    const { since } = wanted.question;
    const proof = provenBy?.record(record, since, device) ?? 'NOT_YET';
    if (proof === 'DONE') return 'DeviceList';
    const deviceId = lookupId(device);
    if (proof === 'NOT_YET' || !deviceId) return null;
    const range = { earliestMs: since - 60_000, latestMs: this.#options.now() + 60_000 };
    const events = await this.#query((reads) => reads.deviceHistory({ deviceId, ...range }), wanted);
    return events !== null && provenBy?.history(events, since) ? 'DeviceHistory' : null;
  }

  /** Goes through the account's devices page by page, until all are found or the list ends. */
  async #sweep(wanted: readonly Wanted[], told: Told): Promise<number> {
    const byStem = Map.groupBy(
      wanted.flatMap((each) => [...new Set(each.device.keys.map(stemOf))].map((stem) => ({ stem, each }))),
      ({ stem }) => stem,
    );
    const named = (key: string) => (byStem.get(stemOf(key)) ?? []).flatMap(({ each }) => (fits(each.device.keys, key) ? [each] : []));
    const left = new Set(wanted);
    const undecided: Wanted[] = [];
    let settled = 0;
    const accountName = wanted[0]?.question.account ?? '';
    for (let after: string | null = '0'; after !== null && left.size > 0;) {
      const from: string = after;
      const page: DevicePage | null = await this.#query((reads) => reads.listDevices({ accountName, after: from }), null);
      // One record may be the reason. Each device that is left is asked about alone.
      if (!page) return settled + (await this.#lookUp([...undecided, ...left], told));
      const findings: QuestionFinding[] = [];
      for (const record of page.devices) {
        for (const each of new Set(record.deviceIds.map(keyOf).flatMap(named))) {
          told.set(each, [...(told.get(each) ?? []), record]);
          const proof = each.provenBy?.record(record, each.question.since, each.device);
          // Identifiers name the device here, not its index: two wanted devices may share a weaker identifier. Changed ones name none.
          if (proof === 'DONE')
            findings.push(toFinding(each, each.device.changeTo ? each.device.index : null, evidenceOfRecord('DeviceList', record)));
          if (proof === 'LOOK_CLOSER') undecided.push(each);
          // Another profile of the same device may follow, and both may be meant.
          if (!each.identifies || isNamedByIccid(each, record)) left.delete(each);
        }
      }
      settled += await this.#write(findings);
      after = page.next;
    }
    // The list has ended: the carrier has no record of these.
    for (const each of left) if (!told.has(each)) told.set(each, []);
    return settled + (await this.#lookUp(undecided, told));
  }

  /** Writes what the carrier told of the devices that unmatched messages may mean. True when it has told of all of them. */
  async #identify({ requestId, position }: Question, wanted: readonly Wanted[], told: Told): Promise<boolean> {
    const [known, unknown] = [wanted.filter((each) => told.has(each)), wanted.filter((each) => !told.has(each))];
    const learnt = learnIdentifiers(
      known.map((each) => ({ device: each.device, records: (told.get(each) ?? []).map(({ deviceIds }) => deviceIds) })),
      unknown.map(({ device }) => device),
    );
    for (let from = 0; from < learnt.length; from += LEARNT_AT_ONCE) {
      const findings = learnt.slice(from, from + LEARNT_AT_ONCE).map(({ index, deviceIds }) => {
        // It proves nothing: only its identifiers count.
        return { ...evidenceOf('DeviceList', { succeeded: false, deviceIds }), requestId, position, index };
      });
      await this.#options.store.followUp.learn(findings);
    }
    return unknown.length === 0;
  }

  /** Null when the question is refused, or the device has no identifier to ask by. */
  async #findRecords(wanted: Wanted): Promise<readonly DeviceRecord[] | null> {
    const deviceId = lookupId(wanted.device);
    const { account: accountName } = wanted.question;
    const page = deviceId && (await this.#query((reads) => reads.listDevices({ accountName, deviceId }), wanted));
    return deviceId && page ? page.devices.filter((record) => isAbout(record, deviceId)) : null;
  }

  /**
   * Null when the carrier refuses the question. Its device waits a while, and the others go on.
   *
   * @param about the device whose question it is.
   */
  async #query<Said>(question: (reads: CarrierReads) => Promise<Said>, about: Wanted | null): Promise<Said | null> {
    const { reads, quota, signal, onRefused } = this.#options;
    await quota.take(signal);
    try {
      const said = await question(reads);
      if (about) this.#aside.welcome(idOf(about));
      return said;
    } catch (error) {
      // Also when the carrier refuses everything at present: if this device is the reason, the others are asked about before it.
      if (about) this.#aside.put(idOf(about));
      if (!isRefusal(error)) throw error;
      onRefused(error, about && { requestId: about.question.requestId, outcome: idOf(about) });
      return null;
    }
  }

  async #write(findings: readonly QuestionFinding[]): Promise<number> {
    if (findings.length === 0) return 0;
    const { store } = this.#options;
    for (const { state, requestId, position } of new Set(findings.map(({ question }) => question)))
      if (state === 'UNKNOWN') await store.sending.step(requestId, position, { type: 'PROVEN' });
    // A question has functions, which no store can be given.
    return store.followUp.reconcile(findings.map(({ question: _question, ...finding }) => finding));
  }
}

/** True when an answer refuses this one question, not all of them: a 4xx, but no 401 or 408, or a 2xx that cannot be read. */
function isRefusal(error: unknown): error is GatewayError {
  if (!(error instanceof GatewayError)) return false;
  const status = error.details['httpStatus'];
  if (error.code === 'CARRIER_REFUSED' || typeof status !== 'number') return error.code === 'CARRIER_REFUSED';
  return status < 300 || (status >= 400 && status < 500 && status !== 401 && status !== 408);
}

function isSame(one: DueCarrierRequest, other: DueCarrierRequest): boolean {
  return one.requestId === other.requestId && one.position === other.position;
}

function idOf({ question, device }: Wanted): string {
  return outcomeId(question.requestId, device.index);
}

function isNamedByIccid({ device }: Wanted, { deviceIds }: DeviceRecord): boolean {
  return deviceIds.some((identifier) => identifier.kind === 'ICCID' && fits(device.keys, keyOf(identifier)));
}

function toFinding({ question }: Wanted, index: number | null, evidence: Evidence): QuestionFinding {
  return { ...evidence, requestId: question.requestId, position: question.position, question, index };
}

function evidenceOfRecord(service: EvidenceService, record: DeviceRecord): Evidence {
  const { deviceIds, state, servicePlan, ipAddress, profileStatus } = record;
  return evidenceOf(service, { succeeded: true, deviceIds, state, servicePlan, ipAddress, profileStatus });
}
