import { GatewayError } from '../../errors.ts';
import type { AuthorizedAnswer, AuthorizedCall, AuthorizedCalls } from './authorized-calls.ts';
import { hasMore, isDeviceNotFound, parseAnswer } from './judge-answer.ts';
import { requestStatusAnswer, type CarrierRequestStatus } from './wire/answers.ts';
import { cleanRequestId } from './wire/carrier-request-id.ts';
import { writeCarrierDate } from './wire/carrier-values.ts';
import { deviceHistoryAnswer, type HistoryEvent } from './wire/device-history.ts';
import { deviceListAnswer, type DeviceRecord } from './wire/device-list.ts';

export interface DeviceId {
  /** In any letter case; it is sent to the carrier in lower case. */
  readonly kind: string;
  readonly id: string;
}

/** A filter by which the carrier chooses devices. A device must match every part; an empty filter means the whole account. */
export interface DeviceFilter {
  readonly groupName?: string | undefined;
  readonly servicePlan?: string | undefined;
  /** A device must have all of these values. */
  readonly customFields?: readonly { readonly key: string; readonly value: string }[] | undefined;
}

/** A part of an identifier. All parts that are given must be there. */
export interface IdentifierPart {
  /** In any letter case, as in `DeviceId`. */
  readonly kind: string;
  readonly contains?: string | undefined;
  readonly startsWith?: string | undefined;
  readonly endsWith?: string | undefined;
}

export interface DeviceQuery extends DeviceFilter {
  readonly accountName: string;
  /** A state as the list spells it: `active`, `deactive`, `suspend`, `pre-active`, `pending activation`. */
  readonly currentState?: string | undefined;
  readonly identifier?: IdentifierPart | undefined;
  /** Asks for this one device instead of those that match the filter. There are no further pages then. */
  readonly deviceId?: DeviceId;
  /** The `next` of the page before, digits. Null, like '0', asks for the first page. */
  readonly after?: string | null;
  /** Devices in one page. The carrier's page allows 2,000 at most, its SDK 500. */
  readonly pageSize?: number;
}

export interface DevicePage {
  readonly devices: readonly DeviceRecord[];
  /** Asks for the next page. Null when this was the last. */
  readonly next: string | null;
}

export interface HistoryQuery {
  readonly deviceId: DeviceId;
  /** Milliseconds, both inclusive. The carrier takes whole seconds, so the range is widened to them. */
  readonly earliestMs: number;
  readonly latestMs: number;
}

const PAGE_SIZE = 500;
/** Each has 500 events. A line has five changes a day at most, so 20 pages are years. */
const MAX_HISTORY_PAGES = 20;

/**
 * Reads from the carrier. A read changes nothing there. Each method throws a GatewayError: those of `AuthorizedCalls.ask`;
 * CARRIER_UNAVAILABLE for a 2xx that cannot be read; CARRIER_REFUSED for a refusal of this question, and for a paging
 * cursor that would lead nowhere or in a circle.
 *
 * A device that the carrier does not know is no error: it has no record and no history.
 */
export class CarrierReads {
  readonly #calls: AuthorizedCalls;

  constructor({ calls }: { readonly calls: AuthorizedCalls }) {
    this.#calls = calls;
  }

  /**
   * One page of POST devices/actions/list, by rising DeviceId. Status 202 says that there is more. The cursor is the numeric
   * `DeviceId` extended attribute of the last device; no other field has it.
   */
  async listDevices(query: DeviceQuery): Promise<DevicePage> {
    const { accountName, deviceId, groupName, servicePlan, customFields, currentState, identifier, pageSize = PAGE_SIZE } = query;
    const after = query.after ?? '0';
    const what = 'list devices';
    const body = deviceId
      ? JSON.stringify({ accountName, deviceId: wireDeviceId(deviceId) })
      : withNumber(
          {
            accountName,
            groupName,
            servicePlan,
            customFields,
            currentState,
            filter: identifier && { deviceIdentifierFilters: [wirePart(identifier)] },
            maxNumberOfDevices: pageSize,
          },
          'largestDeviceIdSeen',
          after,
        );
    const answer = await this.#read('device_list', what, { method: 'POST', path: '/m2m/v1/devices/actions/list', body });
    if (isDeviceNotFound(answer)) return { devices: [], next: null };
    const page = parseAnswer(what, deviceListAnswer, answer);
    if (deviceId || !hasMore(page, answer)) return { devices: page.devices, next: null };
    const next = page.devices.at(-1)?.cursor ?? null;
    if (next === null || BigInt(next) <= BigInt(after)) {
      const why = next === null ? 'its last one shows no usable DeviceId' : `its page ends with DeviceId ${next}`;
      throw new GatewayError(
        'CARRIER_REFUSED',
        `ThingSpace has more devices after DeviceId ${after}, but ${why}. The rest of the list cannot be asked for.`,
      );
    }
    return { devices: page.devices, next };
  }

  /** All events of POST devices/history/actions/list in the range, over all pages. An event that stands on two pages comes once. */
  async deviceHistory({ deviceId, earliestMs, latestMs }: HistoryQuery): Promise<readonly HistoryEvent[]> {
    const what = `tell the history of a device by its ${deviceId.kind}`;
    const latest = writeCarrierDate(Math.ceil(latestMs / 1000) * 1000);
    const events = new Map<string, HistoryEvent>();
    let earliest = Math.floor(earliestMs / 1000) * 1000;
    for (let pages = 1; ; pages++) {
      const body = JSON.stringify({ deviceId: wireDeviceId(deviceId), earliest: writeCarrierDate(earliest), latest });
      const answer = await this.#read('device_history', what, { method: 'POST', path: '/m2m/v1/devices/history/actions/list', body });
      if (isDeviceNotFound(answer)) return [...events.values()];
      const page = parseAnswer(what, deviceHistoryAnswer, answer);
      for (const event of page.events) events.set(JSON.stringify(event.json), event);
      if (!hasMore(page, answer)) return [...events.values()];
      const last = Math.floor(Math.max(...page.events.map(({ occurredAt }) => occurredAt ?? 0)) / 1000) * 1000;
      if (!(last > earliest) || pages === MAX_HISTORY_PAGES) {
        const why = last > earliest ? `${pages} pages of it were read` : 'its page shows no later date';
        throw new GatewayError(
          'CARRIER_REFUSED',
          `ThingSpace has more history of a device after ${writeCarrierDate(earliest)}, but ${why}. The rest is not asked for.`,
        );
      }
      earliest = last;
    }
  }

  /**
   * GET accounts/{account}/requests/{id}/status. The carrier documents it for an activation of a single device only. Null when the
   * carrier has no such status, answers with another request's status, or uses a word that we do not know.
   */
  async requestStatus(accountName: string, carrierRequestId: string): Promise<CarrierRequestStatus | null> {
    const what = `tell the status of request ${carrierRequestId}`;
    const path = `/m2m/v1/accounts/${encodeURIComponent(accountName)}/requests/${encodeURIComponent(carrierRequestId)}/status`;
    const answer = await this.#read('request_status', what, { method: 'GET', path });
    if (isNoSuchThing(answer)) return null;
    const { requestId, status } = parseAnswer(what, requestStatusAnswer, answer);
    return requestId === null || requestId === cleanRequestId(carrierRequestId) ? status : null;
  }

  #read(name: string, what: string, call: Omit<AuthorizedCall, 'name'>): Promise<AuthorizedAnswer> {
    return this.#calls.ask({ ...call, name, what, isRead: true });
  }
}

/** A device as a body names it. */
export function wireDeviceId({ kind, id }: DeviceId): DeviceId {
  return { kind: kind.toLowerCase(), id };
}

function wirePart({ kind, contains, startsWith, endsWith }: IdentifierPart) {
  return { kind: kind.toLowerCase(), contains, startswith: startsWith, endswith: endsWith };
}

/** Writes a body with one number that JSON.stringify could not keep exact. */
function withNumber(body: object, name: string, digits: string): string {
  return `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:${BigInt(digits)}}`;
}

/** True for a refusal by the API itself. The gateway before it refuses with six digits (no such path, no right to it); that says nothing about a request. */
function isNoSuchThing({ status, error }: AuthorizedAnswer): boolean {
  return status >= 400 && status !== 403 && error !== null && !/^\d{6}$/.test(error.code);
}
