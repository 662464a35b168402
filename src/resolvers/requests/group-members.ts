import type { PartsOf } from '../../datasources/request-log/store.ts';
import type { RequestedDevice, RequestError, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import type { CarrierReads, DeviceFilter, DevicePage } from '../../datasources/thingspace/carrier-reads.ts';
import type { SendAnswer } from '../../datasources/thingspace/thing-space.ts';
import type { DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { cleanIdentifier } from '../../datasources/thingspace/wire/same-identifier.ts';
import { GatewayError } from '../../errors.ts';
import type { Operation, Settings } from '../../operations/define-operation.ts';

interface GroupMembersOptions {
  readonly store: PartsOf<{ requests: 'requests'; sending: 'setMembers' }>;
  readonly reads: Pick<CarrierReads, 'listDevices'>;
  readonly onFailure: (requestId: string, error: unknown) => void;
}

export type NotSent = Extract<SendAnswer, { readonly type: 'NOT_SENT' }>;

/** Why a Request does not leave: for now, or for good. */
type Obstacle = NotSent | { readonly type: 'CANCEL'; readonly error: RequestError };

/** The carrier takes no more devices in one request. It refuses a larger group itself. */
const MAX_DEVICES = 10_000;

/** Identifiers that name a device even before it has a line. */
const LASTING_KINDS: ReadonlySet<DeviceIdentifierKind | null> = new Set(['ICCID', 'EID', 'IMEI', 'MEID', 'ESN']);

/**
 * Reads the devices of a group or an account before a request about them leaves. So the gateway can tell which of them stay silent,
 * and whether they are as many as the caller has confirmed.
 */
export class GroupMembers {
  readonly #options: GroupMembersOptions;

  constructor(options: GroupMembersOptions) {
    this.#options = options;
  }

  /** The devices become the expected outcomes of the Request. Null when it may leave. */
  async prepare(request: StoredRequest, operation: Operation, settings: Settings): Promise<Obstacle | null> {
    const filter = operation.filterOf(settings);
    const confirmed = operation.confirmedCountOf(settings);
    if (confirmed !== null) return this.#count(request, filter, confirmed);
    // They may have been read before, here or before a restart.
    if ((await this.#options.store.requests.requests([request.id])).get(request.id)?.total === null) await this.#read(request, filter);
    return null;
  }

  /** If they cannot be read, the Request goes without them. */
  async #read(request: StoredRequest, filter: DeviceFilter): Promise<void> {
    const { store, onFailure } = this.#options;
    try {
      const { devices } = await this.#list(request.account, filter);
      if (devices.length > 0 && devices.length <= MAX_DEVICES) await store.sending.setMembers(request.id, devices);
    } catch (error) {
      onFailure(request.id, error);
    }
  }

  /** Before each try: the group may have changed since the last one. Without the number nothing leaves. */
  async #count(request: StoredRequest, filter: DeviceFilter, confirmed: number): Promise<Obstacle | null> {
    try {
      const { found, devices } = await this.#list(request.account, filter);
      if (found !== confirmed) return { type: 'CANCEL', error: differs(found, confirmed) };
      if (devices.length > 0) await this.#options.store.sending.setMembers(request.id, devices);
      return null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const { code, message } = error;
      if (code === 'CARRIER_REFUSED') return { type: 'CANCEL', error: { code: 'COUNT_UNKNOWN', message: `Nothing was sent. ${message}` } };
      if (code !== 'CARRIER_UNAVAILABLE' && code !== 'CARRIER_LOGIN_REFUSED') throw error;
      const { retryAfterMs } = error.details;
      return { type: 'NOT_SENT', code, reason: message, retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null };
    }
  }

  /** `found` counts all devices, up to one more than the carrier takes. `devices` are those that can be named for ever. */
  async #list(accountName: string, filter: DeviceFilter): Promise<{ readonly found: number; readonly devices: RequestedDevice[] }> {
    const devices: RequestedDevice[] = [];
    let found = 0;
    for (let after: string | null = '0'; after !== null && found <= MAX_DEVICES;) {
      const page: DevicePage = await this.#options.reads.listDevices({ accountName, ...filter, after });
      found += page.devices.length;
      for (const { deviceIds } of page.devices) {
        const lasting = deviceIds.flatMap(({ kind, id }) =>
          kind !== null && LASTING_KINDS.has(kind) ? [{ kind, id: cleanIdentifier(kind, id) }] : [],
        );
        if (lasting.length > 0) devices.push({ deviceIds: lasting });
      }
      after = page.next;
    }
    return { found, devices };
  }
}

function differs(found: number, confirmed: number): RequestError {
  const number = found > MAX_DEVICES ? `more than ${MAX_DEVICES}` : String(found);
  return {
    code: 'COUNT_DIFFERS',
    message: `Nothing was sent: the carrier lists ${number} devices, and confirmDeviceCount is ${confirmed}. Look at the devices before you confirm another number.`,
  };
}
