import type { DeviceSummary } from '../../datasources/request-log/outcome-reads.ts';
import type { PartsOf } from '../../datasources/request-log/store.ts';
import type { RequestedDevice, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import type { DeviceIdentifier, DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { cleanIdentifier, leaveOutRespellings } from '../../datasources/thingspace/wire/same-identifier.ts';
import type { Operation } from '../../operations/define-operation.ts';
import { keyOfDevice } from './same-input.ts';

const RETRIES_AT_ONCE = 100;

export interface Retried {
  /** The newest retry that names the device. */
  readonly newest: StoredRequest;
  /** False when every retry of it was cancelled before the device was sent. It may then be retried again. */
  readonly isHeld: boolean;
}

/** The devices of a Request that are in retries of it, by `keyOfDevice`. */
export type RetriedDevices = ReadonlyMap<string, Retried>;

export async function readRetried(
  store: PartsOf<{ requests: 'retryPages'; outcomes: 'devices' }>,
  requestId: string,
): Promise<RetriedDevices> {
  const retried = new Map<string, Retried>();
  for await (const newest of retriesOf(store, requestId)) {
    for (const { device, status } of await store.outcomes.devices(newest.id, null)) {
      if (!device) continue;
      const key = keyOfDevice(device);
      retried.set(key, { newest, isHeld: status !== 'CANCELLED' || retried.get(key)?.isHeld === true });
    }
  }
  return retried;
}

/** The oldest first. There may be as many as the Request has devices. */
async function* retriesOf({ requests }: PartsOf<{ requests: 'retryPages' }>, requestId: string): AsyncGenerator<StoredRequest> {
  for (let after: string | null = null, isEnd = false; !isEnd;) {
    const [page] = await requests.retryPages([{ requestId, after, limit: RETRIES_AT_ONCE }]);
    yield* page?.rows ?? [];
    after = page?.rows.at(-1)?.id ?? null;
    isEnd = page?.hasMore !== true;
  }
}

/** How a retry names a device: as the mutation did, or by what the carrier reported. Null when it cannot. */
export function nameForRetry(
  { device, reported }: Pick<DeviceSummary, 'device'> & { readonly reported: readonly DeviceIdentifier[] },
  { retryKinds, retryAdds = [] }: Pick<Operation, 'retryKinds' | 'retryAdds'>,
): RequestedDevice | null {
  const told = (kinds: readonly DeviceIdentifierKind[]) =>
    leaveOutRespellings(reported).flatMap(({ kind, id }) =>
      kind !== null && kinds.includes(kind) ? [{ kind, id: cleanIdentifier(kind, id) }] : [],
    );
  if (device) {
    const lacking = retryAdds.filter((kind) => !device.deviceIds.some((identifier) => identifier.kind === kind));
    const added = lacking.map((kind) => told([kind])).flatMap((found) => (found.length === 1 ? found : []));
    return added.length > 0 ? { ...device, deviceIds: [...device.deviceIds, ...added] } : device;
  }
  const deviceIds = told(retryKinds);
  return deviceIds.length > 0 ? { deviceIds } : null;
}
