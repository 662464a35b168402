import { GatewayError } from '../../../errors.ts';
import type { DueCarrierRequest, Finding, FollowUpLog, Lapsed, LapseOptions, SilentDevice } from '../follow-up-log.ts';
import type { EventCallback, LogEvent } from '../log-event.ts';
import type { DeviceRow } from '../request-rows.ts';
import { countRivals, isAtOdds, UNSETTLED, type RequestState } from '../request-state.ts';
import { NEVER_ARRIVED, type SendingStep } from '../sending-steps.ts';
import type { Change } from '../transition.ts';
import { changeRequest, idsOf, runOne, settle, stepRequest, type ChangeParts } from './change-request.ts';
import { findOwner } from './find-owners.ts';
import { NEWEST } from './load-rows.ts';
import { readState, stateOf, type LockedRequest } from './locked-request.ts';
import type { RequestedDevices } from './requested-devices.ts';

/** Devices that one statement reads. */
const LISTED_AT_ONCE = 2_000;

type Parts = ChangeParts & { readonly devices: RequestedDevices };
type Newest = Pick<DeviceRow, 'index' | 'position' | 'status' | 'source' | 'niddSeq'>;

/** `FollowUpLog` of the PostgreSQL store. */
export class PostgresFollowUp implements FollowUpLog {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async resolveUnknown(
    requestId: string,
    position: number,
    carrierRequestId: string | null,
  ): Promise<'RESOLVED' | 'NOT_UNKNOWN' | 'ID_TAKEN'> {
    const step: SendingStep =
      carrierRequestId === null ? { type: 'CANCELLED', error: NEVER_ARRIVED } : { type: 'ACCEPTED', carrierRequestId };
    const resolved = await changeRequest(this.#parts, requestId, async (tx, request) => {
      if (request.carriers[position]?.state !== 'UNKNOWN') return 'NOT_UNKNOWN';
      if (carrierRequestId !== null && (await findOwner(tx, carrierRequestId))) return 'ID_TAKEN';
      await stepRequest(tx, this.#parts, request, [{ position, step }]);
      return 'RESOLVED';
    });
    await settle(this.#parts, requestId, idsOf([{ position, step }]));
    return resolved;
  }

  lapse(requestId: string, position: number, into: 'OVERDUE' | 'EXPIRED', options: LapseOptions): Promise<Lapsed> {
    const { from = 0, limit, onHoldToo = false } = options;
    return changeRequest(this.#parts, requestId, async (tx, request) => {
      const now = request.carriers[position]?.state;
      if (now !== 'ACCEPTED' && !(now === 'UNKNOWN' && into === 'EXPIRED')) return { devices: 0, next: null };
      const { placed, next } = await runOne(tx, this.#parts, request, (run) =>
        run.apply({ type: 'LAPSE', position, into, from, limit, onHoldToo }, this.#parts.now()),
      );
      return { devices: placed.filter(({ event }) => event.kind === 'SETTLED').length, next };
    });
  }

  reconcile(findings: readonly Finding[]): Promise<number> {
    return this.#find(findings, 'RECONCILED', ({ position, index }, answer) => ({ type: 'RECONCILED', position, index, answer }));
  }

  learn(findings: readonly Finding[]): Promise<number> {
    return this.#find(findings, 'MATCHED', ({ position, index }, answer) =>
      index === null ? null : { type: 'LEARNT', position, index, answer },
    );
  }

  due(before: number): Promise<DueCarrierRequest[]> {
    return this.#parts.db.rows(DUE_OPEN, [before]);
  }

  completedUnmatched(since: number): Promise<DueCarrierRequest[]> {
    return this.#parts.db.rows(DUE_COMPLETED, [since]);
  }

  askable(requestId: string): Promise<DueCarrierRequest[]> {
    return this.#parts.db.rows(ASKABLE, [requestId]);
  }

  silentDevices(requestId: string, position: number): Promise<SilentDevice[]> {
    return this.#list(
      requestId,
      position,
      () =>
        ({ status }) =>
          UNSETTLED.includes(status),
    );
  }

  unmatchedDevices(requestId: string, position: number): Promise<SilentDevice[]> {
    return this.#list(requestId, position, (state) => {
      const carrier = state.carrier(position);
      const [someNidd, someOther] = [countRivals(carrier, true) > 0, countRivals(carrier, false) > 0];
      if (!someNidd && !someOther) return null;
      return ({ source, niddSeq }) => (someOther && source !== 'CALLBACK') || (someNidd && niddSeq === 0);
    });
  }

  async isAtOdds(requestId: string, position: number): Promise<boolean> {
    return isAtOdds(stateOf(await this.#read(requestId)).carrier(position));
  }

  async #read(requestId: string): Promise<LockedRequest> {
    const request = await readState(this.#parts.db, requestId);
    if (!request) throw new GatewayError('NOT_FOUND', 'The request is not in the store: its time was over, and it was purged.');
    return request;
  }

  /** @param choose tells which devices are wanted; null when none is. */
  async #list(
    requestId: string,
    position: number,
    choose: (state: RequestState) => ((device: Newest) => boolean) | null,
  ): Promise<SilentDevice[]> {
    const { db, devices } = this.#parts;
    while (!(await this.#catchUp(requestId)));
    const request = await this.#read(requestId);
    const state = stateOf(request);
    const isWanted = choose(state);
    if (!isWanted) return [];
    const named = (await devices.read(db, [request])).get(request.pk);
    const found: SilentDevice[] = [];
    for (let from = 0; from < state.devices; from += LISTED_AT_ONCE) {
      const to = Math.min(from + LISTED_AT_ONCE, state.devices);
      const newest = new Map((await db.rows<Newest>(NEWEST, [request.pk, from, to])).map((row) => [row.index, row]));
      const wanted: number[] = [];
      for (let index = from; index < to; index++) {
        const device = newest.get(index) ?? { index, position: state.positionOf(index), status: 'PENDING', source: null, niddSeq: 0 };
        if (device.position === position && isWanted(device)) wanted.push(index);
      }
      const keys = await db.rows<{ index: number; keys: string[] }>(KEYS_OF, [request.pk, wanted]);
      const keysOf = new Map(keys.map((row) => [row.index, row.keys]));
      for (const index of wanted)
        found.push({
          index,
          requested: named?.identifiers(index) ?? [],
          changeTo: named?.device(index)?.changeTo,
          keys: keysOf.get(index) ?? [],
        });
    }
    return found;
  }

  /** Puts the identifiers that messages have told into the index, up to a bounded number of rows. True when all are in. */
  async #catchUp(requestId: string): Promise<boolean> {
    if (stateOf(await this.#read(requestId)).isLearnt) return true;
    const { result } = await changeRequest(this.#parts, requestId, (tx, request) =>
      runOne(tx, this.#parts, request, (run) => run.apply({ type: 'CATCH_UP' }, this.#parts.now())),
    );
    return result === 'APPLIED';
  }

  /** Settles what was found, one Request after the other. What must wait until identifiers are in the index is tried again. */
  async #find(
    findings: readonly Finding[],
    counted: LogEvent['kind'],
    toChange: (finding: Finding, answer: EventCallback) => Change | null,
  ): Promise<number> {
    let count = 0;
    for (const [requestId, all] of Map.groupBy(findings, (finding) => finding.requestId)) {
      for (let rest = all; rest.length > 0;) {
        const some = rest;
        const at = this.#parts.now();
        const part = await changeRequest(this.#parts, requestId, (tx, request) =>
          runOne(tx, this.#parts, request, (run) => {
            let counts = 0;
            for (const [done, finding] of some.entries()) {
              const change = toChange(finding, toAnswer(finding, at));
              if (!change) continue;
              const { placed, result } = run.apply(change, at);
              if (result === 'NOT_YET') return { counts, done };
              counts += placed.filter(({ event }) => event.kind === counted).length;
            }
            return { counts, done: some.length };
          }),
        );
        count += part.counts;
        rest = some.slice(part.done);
      }
    }
    return count;
  }
}

function toAnswer({ service, json, message }: Finding, receivedAt: number): EventCallback {
  return { service, json, message, digest: null, callbackCount: null, receivedAt };
}

/** `counts` is in the order of OUTCOME_STATUSES, then the unmatched callbacks; PostgreSQL counts from 1. */
const DUE = `SELECT r.id AS "requestId", r.account, r.origin, r.operation, c.position, c.state, c.carrier_request_id AS "carrierRequestId",
  c.device_count AS "deviceCount", coalesce(c.sent_at, r.created_at) AS since, r.updated_at AS "updatedAt", r.counts[1] AS pending,
  r.counts[1] + r.counts[2] + r.counts[8] AS open,
  r.counts[3] + r.counts[4] + r.counts[5] + r.counts[6] + r.counts[7] AS settled, r.counts[9] AS unmatched
  FROM request r JOIN carrier_request c ON c.request_pk = r.pk`;
const DUE_OPEN = `${DUE} WHERE r.completed_at IS NULL AND r.account <> '' AND c.state IN ('ACCEPTED', 'UNKNOWN')
  AND (coalesce(c.sent_at, r.created_at) <= $1::bigint OR r.counts[9] > 0) ORDER BY since, r.pk, c.position`;
const DUE_COMPLETED = `${DUE} WHERE r.completed_at > $1::bigint AND r.counts[9] > 0 AND c.state = 'ACCEPTED'`;
const ASKABLE = `${DUE} WHERE r.id = $1::word AND c.state IN ('ACCEPTED', 'UNKNOWN') ORDER BY c.position`;
const KEYS_OF = `SELECT outcome AS index, array_agg(key::text) AS keys FROM device_key
  WHERE request_pk = $1 AND outcome = ANY($2::integer[]) GROUP BY outcome`;
