import { GatewayError } from '../../errors.ts';
import type { AuthorizedCall, AuthorizedCalls } from './authorized-calls.ts';
import { throttledFor } from './throttled-for.ts';
import { TransportError, type Answer } from '../../lib/http-exchange.ts';
import { hasCode, parseCarrierError } from './wire/answers.ts';
import { writeCarrierDate } from './wire/carrier-values.ts';
import { deviceHistoryAnswer, type HistoryEvent } from './wire/device-history.ts';
import { deviceListAnswer, type DeviceRecord } from './wire/device-list.ts';
import { requestStatusAnswer, type CarrierRequestStatus } from './wire/request-status-answer.ts';

export interface CarrierReadsOptions {
  readonly calls: AuthorizedCalls;
  readonly now: () => number;
  readonly onCall?: (call: string, result: string) => void;
}

export interface DeviceId {
  /** In any case; the carrier is sent lower case. */
  readonly kind: string;
  readonly id: string;
}

export interface DeviceQuery {
  readonly accountName: string;
  /** One device, instead of all that the filters leave; there are no further pages then. */
  readonly deviceId?: DeviceId;
  readonly groupName?: string | undefined;
  readonly servicePlan?: string | undefined;
  /** A device must have all of these values. */
  readonly customFields?: readonly { readonly key: string; readonly value: string }[] | undefined;
  /** The `next` of the page before, digits; null, as '0', begins. */
  readonly after?: string | null;
  /** Devices in one page; the carrier names 2,000 as the most, its SDK 500. */
  readonly pageSize?: number;
}

export interface DevicePage {
  readonly devices: readonly DeviceRecord[];
  /** Ask for the next page with it; null when this was the last. */
  readonly next: string | null;
}

export interface HistoryQuery {
  readonly deviceId: DeviceId;
  /** Milliseconds, both inclusive; the carrier is asked in whole seconds that hold them. */
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** One of the answers in `wire/`. */
interface Shape<Body> {
  safeParse(body: unknown): { readonly success: true; readonly data: Body } | { readonly success: false };
}

const PAGE_SIZE = 500;
/** Of 500 events each. A line has five changes a day at most, so this is years. */
const MAX_HISTORY_PAGES = 20;

/**
 * What the carrier knows, without changing it. Each method throws a GatewayError:
 *
 * | what happened | code |
 * |---|---|
 * | no answer, no token, 408, 5xx, UnexpectedError, a 2xx that cannot be read | CARRIER_UNAVAILABLE: ask again later |
 * | 429, or code 900800 | CARRIER_UNAVAILABLE with `details.retryAfterMs` |
 * | credentials refused | CARRIER_LOGIN_REFUSED |
 * | any other refusal; a paging cursor that would lead nowhere or in a circle | CARRIER_REFUSED |
 *
 * A device the carrier does not know is no error: it has no record and no history. A connection that breaks after the bytes left
 * is tried once more at once, for a read has no effect; a timeout is not, its time is used up.
 */
export class CarrierReads {
  readonly #options: CarrierReadsOptions;

  constructor(options: CarrierReadsOptions) {
    this.#options = options;
  }

  /**
   * One page of POST devices/actions/list, by rising DeviceId. The carrier says with 202 that there is more; the cursor is the
   * numeric `DeviceId` extended attribute of the last device, in no other field of it.
   */
  async listDevices(query: DeviceQuery): Promise<DevicePage> {
    const { accountName, deviceId, groupName, servicePlan, customFields, pageSize = PAGE_SIZE } = query;
    const after = query.after ?? '0';
    const what = 'list devices';
    const body = deviceId
      ? JSON.stringify({ accountName, deviceId: wireDeviceId(deviceId) })
      : withNumber({ accountName, groupName, servicePlan, customFields, maxNumberOfDevices: pageSize }, 'largestDeviceIdSeen', after);
    const answer = await this.#read('device_list', what, { method: 'POST', path: '/m2m/v1/devices/actions/list', body });
    if (isDeviceNotFound(answer)) return { devices: [], next: null };
    const page = this.#readable(what, deviceListAnswer, answer);
    if (deviceId || !hasMore(page, answer)) return { devices: page.devices, next: null };
    const next = page.devices.at(-1)?.cursor ?? null;
    if (next === null || BigInt(next) <= BigInt(after)) {
      throw new GatewayError(
        'CARRIER_REFUSED',
        `ThingSpace has more devices after DeviceId ${after}, but ${
          next === null ? 'its last one shows no usable DeviceId' : `its page ends with DeviceId ${next}`
        }: the rest of the list cannot be asked for.`,
      );
    }
    return { devices: page.devices, next };
  }

  /** All events of POST devices/history/actions/list in the range, over as many pages as there are; an event on the seam once. */
  async deviceHistory({ deviceId, earliestMs, latestMs }: HistoryQuery): Promise<readonly HistoryEvent[]> {
    const what = `tell the history of a device by its ${deviceId.kind}`;
    const latest = writeCarrierDate(Math.ceil(latestMs / 1000) * 1000);
    const events = new Map<string, HistoryEvent>();
    let earliest = Math.floor(earliestMs / 1000) * 1000;
    for (let pages = 1; ; pages++) {
      const body = JSON.stringify({ deviceId: wireDeviceId(deviceId), earliest: writeCarrierDate(earliest), latest });
      const answer = await this.#read('device_history', what, { method: 'POST', path: '/m2m/v1/devices/history/actions/list', body });
      if (isDeviceNotFound(answer)) return [...events.values()];
      const page = this.#readable(what, deviceHistoryAnswer, answer);
      for (const event of page.events) events.set(JSON.stringify(event.json), event);
      if (!hasMore(page, answer)) return [...events.values()];
      const last = Math.floor(Math.max(...page.events.map(({ occurredAt }) => occurredAt ?? 0)) / 1000) * 1000;
      if (!(last > earliest) || pages === MAX_HISTORY_PAGES) {
        throw new GatewayError(
          'CARRIER_REFUSED',
          `ThingSpace has more history of a device after ${writeCarrierDate(earliest)}, but ${
            last > earliest ? `${pages} pages of it were read` : 'its page shows no later date'
          }: the rest is not asked for.`,
        );
      }
      earliest = last;
    }
  }

  /**
   * GET accounts/{account}/requests/{id}/status. Documented for an activation of a single device only; null when the carrier
   * has no such status, tells another request's, or says a word we do not know.
   */
  async requestStatus(accountName: string, carrierRequestId: string): Promise<CarrierRequestStatus | null> {
    const what = `tell the status of request ${carrierRequestId}`;
    const path = `/m2m/v1/accounts/${encodeURIComponent(accountName)}/requests/${encodeURIComponent(carrierRequestId)}/status`;
    const answer = await this.#read('request_status', what, { method: 'GET', path });
    if (isNoSuchThing(answer)) return null;
    const { requestId, status } = this.#readable(what, requestStatusAnswer, answer);
    return requestId === null || requestId.toLowerCase() === carrierRequestId.toLowerCase() ? status : null;
  }

  /** An answer that is worth reading: what the carrier says, or a refusal of its own. */
  async #read(call: string, what: string, exchange: AuthorizedCall): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await this.#options.calls.send(exchange).catch((error: unknown) => {
        if (isLostConnection(error)) return this.#options.calls.send(exchange);
        throw error;
      });
    } catch (error) {
      this.#options.onCall?.(call, 'failed');
      if (!(error instanceof TransportError)) throw error;
      throw unavailable(what, `there was no answer (${error.message})`, { cause: error });
    }
    const error = parseCarrierError(answer.body, answer.text);
    const retryAfterMs = throttledFor(answer, error, this.#options.now());
    if (retryAfterMs !== null) {
      this.#options.onCall?.(call, 'limited');
      throw unavailable(what, 'it is limiting requests', { details: { retryAfterMs } });
    }
    if (answer.status === 408 || answer.status >= 500 || hasCode(error, 'REQUEST_FAILED.UnexpectedError')) {
      this.#options.onCall?.(call, 'failed');
      throw unavailable(what, `it answered HTTP ${answer.status}${error ? ` (${error.code})` : ''}`);
    }
    this.#options.onCall?.(call, answer.status < 300 ? 'ok' : 'refused');
    return answer;
  }

  #readable<Body>(what: string, shape: Shape<Body>, answer: Answer): Body {
    if (answer.status >= 300) {
      const error = parseCarrierError(answer.body, answer.text);
      // Its words stay unsaid: they may name a device, or a customer, and this is for the log.
      const said = error ? `, ${error.code}` : '';
      throw new GatewayError('CARRIER_REFUSED', `The carrier would not ${what}: HTTP ${answer.status}${said}.`, {
        details: { httpStatus: answer.status, carrierCode: error?.code ?? null },
      });
    }
    const parsed = shape.safeParse(answer.body);
    if (!parsed.success) throw unavailable(what, `its answer of HTTP ${answer.status} cannot be read`);
    return parsed.data;
  }
}

function wireDeviceId({ kind, id }: DeviceId): DeviceId {
  return { kind: kind.toLowerCase(), id };
}

/** A body with one number too large for JSON.stringify to keep exact. */
function withNumber(body: object, name: string, digits: string): string {
  return `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:${BigInt(digits)}}`;
}

/** Where the answer itself does not say whether there is more, its status does. */
function hasMore(page: { readonly hasMoreData: boolean | null }, answer: Answer): boolean {
  return page.hasMoreData ?? answer.status === 202;
}

function isDeviceNotFound(answer: Answer): boolean {
  return answer.status >= 400 && hasCode(parseCarrierError(answer.body, answer.text), 'REQUEST_FAILED.DeviceNotFound');
}

/** A refusal by the API itself. Those of the gateway before it (six digits: no such path, no right to it) say nothing of a request. */
function isNoSuchThing(answer: Answer): boolean {
  const error = parseCarrierError(answer.body, answer.text);
  return answer.status >= 400 && answer.status !== 403 && error !== null && !/^\d{6}$/.test(error.code);
}

/** Broken by itself: what the transport gave up on (time, size) has no cause. */
function isLostConnection(error: unknown): boolean {
  return error instanceof TransportError && error.sent && error.cause !== undefined;
}

function unavailable(what: string, why: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}): GatewayError {
  return new GatewayError('CARRIER_UNAVAILABLE', `ThingSpace could not ${what}: ${why}. Ask again later.`, options);
}
