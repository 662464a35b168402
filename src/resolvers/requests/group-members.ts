import type { PartsOf } from '../../datasources/request-log/store.ts';
import type { RequestedDevice, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import type { CarrierReads, DeviceFilter, DevicePage } from '../../datasources/thingspace/carrier-reads.ts';
import type { DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { cleanIdentifier } from '../../datasources/thingspace/wire/same-identifier.ts';

interface GroupMembersOptions {
  readonly store: PartsOf<{ sending: 'setMembers' }>;
  readonly reads: Pick<CarrierReads, 'listDevices'>;
  readonly onFailure: (requestId: string, error: unknown) => void;
}

/** The carrier takes no more devices in one request. It refuses a larger group itself. */
const MAX_DEVICES = 10_000;

/** Identifiers that name a device even before it has a line. */
const LASTING_KINDS: ReadonlySet<DeviceIdentifierKind | null> = new Set(['ICCID', 'EID', 'IMEI', 'MEID', 'ESN']);

/** Reads the devices of a group or an account before its activation leaves. So the gateway can tell which of them stay silent. */
export class GroupMembers {
  readonly #options: GroupMembersOptions;

  constructor(options: GroupMembersOptions) {
    this.#options = options;
  }

  /** The devices become the expected outcomes of the Request. If they cannot be read, the Request goes without them. */
  async read(request: StoredRequest, filter: DeviceFilter): Promise<void> {
    const { store, onFailure } = this.#options;
    try {
      const devices = await this.#list(request.account, filter);
      if (devices.length > 0 && devices.length <= MAX_DEVICES) await store.sending.setMembers(request.id, devices);
    } catch (error) {
      onFailure(request.id, error);
    }
  }

  async #list(accountName: string, filter: DeviceFilter): Promise<RequestedDevice[]> {
    const found: RequestedDevice[] = [];
    for (let after: string | null = '0'; after !== null && found.length <= MAX_DEVICES;) {
      const page: DevicePage = await this.#options.reads.listDevices({ accountName, ...filter, after });
      for (const { deviceIds } of page.devices) {
        const lasting = deviceIds.flatMap(({ kind, id }) =>
          kind !== null && LASTING_KINDS.has(kind) ? [{ kind, id: cleanIdentifier(kind, id) }] : [],
        );
        if (lasting.length > 0) found.push({ deviceIds: lasting });
      }
      after = page.next;
    }
    return found;
  }
}
