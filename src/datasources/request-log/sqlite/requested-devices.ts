import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { parseIdentifierKind, type DeviceIdentifier } from '../../thingspace/wire/device-identifier.ts';
import type { RequestedDevice } from '../stored-request.ts';
import type { Statements } from './sqlite-statements.ts';

/** Devices in memory: about 150 bytes each. */
const CACHED_DEVICES = 100_000;

/** The devices that mutations named, as they named them. */
export class RequestedDevices {
  readonly #sql: Statements;
  readonly #devices = new BoundedCache<number, readonly string[]>(CACHED_DEVICES);

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Null for a device that nobody named. */
  device(pk: number, index: number): RequestedDevice | null {
    const json = this.#of(pk)[index];
    return json === undefined ? null : (JSON.parse(json) as RequestedDevice);
  }

  identifiers(pk: number, index: number): DeviceIdentifier[] | null {
    const device = this.device(pk, index);
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
  #of(pk: number): readonly string[] {
    const known = this.#devices.get(pk);
    if (known) return known;
    const devices = (this.#sql.devicesOf.all(pk) as { device: string }[]).map(({ device }) => device);
    this.#devices.set(pk, devices, 1 + devices.length);
    return devices;
  }
}
