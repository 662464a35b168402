import type { CallbackMessage } from '../../thingspace/wire/callback.ts';
import { stemOf } from '../../thingspace/wire/same-identifier.ts';
import type { DeviceKey, DeviceRow, FittingDevice, LearnableRow, RequestRows } from '../request-rows.ts';

/** What a change has asked for and was not loaded yet: a kind of rows of one Request, and their key. */
export type Wanted = { readonly pk: number } & (
  | { readonly kind: 'device' | 'keys'; readonly index: number }
  | { readonly kind: 'newest'; readonly from: number; readonly to: number }
  | { readonly kind: 'fitting'; readonly position: number; readonly stem: string }
  | { readonly kind: 'waitingFor'; readonly position: number; readonly stem: string; readonly limit: number }
  | { readonly kind: 'waiting'; readonly position: number; readonly bearing: CallbackMessage['bearing']; readonly limit: number }
  | { readonly kind: 'message'; readonly seq: number }
  | { readonly kind: 'after'; readonly seq: number; readonly limit: number }
);

/** Thrown to a change that asks for what was not loaded. It is loaded, and the change is decided again. */
export class NotLoaded extends Error {
  /** What was asked for last. */
  wanted: Wanted | null = null;
}

/** Waiting messages are loaded by so many. A change that ties some asks for a few more the next time. */
const WAITING_AT_ONCE = 500;

/**
 * The rows of one Request that were loaded for a change. A change is decided without waiting for anything, so what is missing is
 * thrown.
 */
export class LoadedRows implements RequestRows {
  readonly pk: number;
  readonly #loaded = new Map<string, unknown>();
  readonly #notLoaded = new NotLoaded('not loaded');

  constructor(pk: number) {
    this.pk = pk;
  }

  add(wanted: Wanted, rows: unknown): void {
    this.#loaded.set(keyOfWanted(wanted), rows);
  }

  device(index: number): readonly DeviceRow[] {
    return this.#get({ pk: this.pk, kind: 'device', index });
  }

  newest(from: number, to: number): readonly DeviceRow[] {
    return this.#get({ pk: this.pk, kind: 'newest', from, to });
  }

  /** As `fits` says: a device has the key, or none of its length. */
  fitting(position: number, key: string, limit: number): readonly FittingDevice[] {
    const rows = this.#get<DeviceKey[]>({ pk: this.pk, kind: 'fitting', position, stem: stemOf(key) });
    const found: FittingDevice[] = [];
    for (const [index, keys] of Map.groupBy(rows, (row) => row.index)) {
      const isExact = keys.some((each) => each.key === key);
      if (isExact || !keys.some((each) => each.key.length === key.length)) found.push({ index, isExact });
    }
    return found.slice(0, limit);
  }

  keys(index: number): readonly string[] {
    return this.#get({ pk: this.pk, kind: 'keys', index });
  }

  waitingFor(position: number, stem: string, limit: number): readonly number[] {
    return this.#get<number[]>({ pk: this.pk, kind: 'waitingFor', position, stem, limit: roundUp(limit) }).slice(0, limit);
  }

  waiting(position: number, bearing: CallbackMessage['bearing'], limit: number): readonly number[] {
    return this.#get<number[]>({ pk: this.pk, kind: 'waiting', position, bearing, limit: roundUp(limit) }).slice(0, limit);
  }

  message(seq: number): CallbackMessage | null {
    return this.#get({ pk: this.pk, kind: 'message', seq });
  }

  after(seq: number, limit: number): readonly LearnableRow[] {
    return this.#get({ pk: this.pk, kind: 'after', seq, limit });
  }

  #get<Rows>(wanted: Wanted): Rows {
    const rows = this.#loaded.get(keyOfWanted(wanted));
    if (rows !== undefined) return rows as Rows;
    // One for all: a new one would note where it was thrown, and nobody reads that.
    this.#notLoaded.wanted = wanted;
    throw this.#notLoaded;
  }
}

export function keyOfWanted(wanted: Wanted): string {
  switch (wanted.kind) {
    case 'device':
    case 'keys':
      return `${wanted.kind} ${wanted.index}`;
    case 'newest':
      return `newest ${wanted.from} ${wanted.to}`;
    case 'fitting':
      return `fitting ${wanted.position} ${wanted.stem}`;
    case 'waitingFor':
      return `waitingFor ${wanted.limit} ${wanted.position} ${wanted.stem}`;
    case 'waiting':
      return `waiting ${wanted.limit} ${wanted.position} ${wanted.bearing}`;
    case 'message':
      return `message ${wanted.seq}`;
    case 'after':
      return `after ${wanted.seq} ${wanted.limit}`;
  }
}

function roundUp(limit: number): number {
  return Math.ceil(limit / WAITING_AT_ONCE) * WAITING_AT_ONCE;
}
