import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { parseIdentifierKind, type DeviceIdentifier } from '../../thingspace/wire/device-identifier.ts';
import type { RequestedDevice } from '../stored-request.ts';
import type { Queries } from './database.ts';
import type { Seals } from './seals.ts';

/** Devices in memory: about 150 bytes each. */
const CACHED_DEVICES = 100_000;

/** Of which Request they are. */
export interface InputOf {
  readonly pk: number;
  readonly id: string;
}

/** The devices that a mutation named, as it named them. They stay JSON until they are asked for: parsed they take five times the memory. */
export class NamedDevices {
  readonly #devices: readonly string[];

  constructor(devices: readonly string[]) {
    this.#devices = devices;
  }

  get count(): number {
    return this.#devices.length;
  }

  /** Null for a device that nobody named. */
  device(index: number): RequestedDevice | null {
    const json = this.#devices[index];
    return json === undefined ? null : (JSON.parse(json) as RequestedDevice);
  }

  identifiers(index: number): DeviceIdentifier[] | null {
    return this.device(index)?.deviceIds.map(({ kind, id }) => ({ kind: parseIdentifierKind(kind), id, reportedKind: kind })) ?? null;
  }
}

const NONE = new NamedDevices([]);

/** Reads the devices that mutations named, and remembers some. */
export class RequestedDevices {
  readonly #seals: Seals;
  readonly #known = new BoundedCache<string, NamedDevices>(CACHED_DEVICES);

  constructor(seals: Seals) {
    this.#seals = seals;
  }

  /** The devices of each of these Requests, by pk. One statement reads those that are not in memory. */
  async read(db: Queries, requests: readonly InputOf[]): Promise<Map<number, NamedDevices>> {
    const found = new Map<number, NamedDevices>();
    const missing = requests.filter((request) => {
      const known = this.#known.get(request.id);
      if (known) found.set(request.pk, known);
      return !known;
    });
    if (missing.length === 0) return found;
    const rows = await db.rows<{ pk: number; devices: string | null; keyId: string | null }>(
      'SELECT request_pk AS pk, devices, key_id AS "keyId" FROM request_input WHERE request_pk = ANY($1::bigint[])',
      [missing.map(({ pk }) => pk)],
    );
    const inputs = new Map(rows.map((row) => [row.pk, row]));
    for (const request of missing) {
      const row = inputs.get(request.pk);
      const json = row ? this.#seals.openText(row.devices, row.keyId, placeOfInput('devices', request.pk)) : null;
      const devices = json === null ? NONE : new NamedDevices((JSON.parse(json) as unknown[]).map((device) => JSON.stringify(device)));
      found.set(request.pk, devices);
      if (devices.count > 0) this.#known.set(request.id, devices, 1 + devices.count);
    }
    return found;
  }
}

export function placeOfInput(column: 'devices' | 'settings', pk: number): string {
  return `request_input/${column}/${pk}`;
}
