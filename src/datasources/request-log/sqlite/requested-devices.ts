import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { parseIdentifierKind, type DeviceIdentifier } from '../../thingspace/wire/device-identifier.ts';
import type { RequestedDevice } from '../stored-request.ts';
import type { Statements } from './sqlite-statements.ts';

/** Devices in memory: about 150 bytes each. */
const CACHED_DEVICES = 100_000;

interface Known {
  readonly requestId: string | undefined;
  readonly devices: readonly string[];
}

/**
 * The devices that mutations named, as they named them. Whoever changes them forgets them here. Others give the id of the Request
 * too: another Request may have its primary key one day.
 */
export class RequestedDevices {
  readonly #sql: Statements;
  readonly #devices = new BoundedCache<number, Known>(CACHED_DEVICES);

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Null for a device that nobody named. */
  device(pk: number, index: number, requestId?: string): RequestedDevice | null {
    const json = this.#of(pk, requestId)[index];
    return json === undefined ? null : (JSON.parse(json) as RequestedDevice);
  }

  identifiers(pk: number, index: number, requestId?: string): DeviceIdentifier[] | null {
    const device = this.device(pk, index, requestId);
    return device?.deviceIds.map(({ kind, id }) => ({ kind: parseIdentifierKind(kind), id, reportedKind: kind })) ?? null;
  }

  count(pk: number): number {
    return this.#of(pk).length;
  }

  forget(pk: number): void {
    this.#devices.delete(pk);
  }

  clear(): void {
    this.#devices.clear();
  }

  /** They stay JSON until they are asked for: parsed they take five times the memory. */
  #of(pk: number, requestId?: string): readonly string[] {
    const known = this.#devices.get(pk);
    if (known && known.requestId === requestId) return known.devices;
    const devices = (this.#sql.devicesOf.all(pk) as { device: string }[]).map(({ device }) => device);
    // Those of a group are named later.
    if (devices.length > 0 || requestId === undefined) this.#devices.set(pk, { requestId, devices }, 1 + devices.length);
    return devices;
  }
}
