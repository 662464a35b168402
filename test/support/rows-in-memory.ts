import { LOG_LIMITS } from '../../src/datasources/request-log/log-limits.ts';
import type { DeviceRow, LearnableRow, RequestRows } from '../../src/datasources/request-log/request-rows.ts';
import { RequestState } from '../../src/datasources/request-log/request-state.ts';
import type { RequestedDevice } from '../../src/datasources/request-log/stored-request.ts';
import { transition, type Change } from '../../src/datasources/request-log/transition.ts';
import type { NewestState } from '../../src/datasources/request-log/device-state.ts';
import { WorkingSet, type PlacedEvent } from '../../src/datasources/request-log/working-set.ts';
import { parseIdentifierKind } from '../../src/datasources/thingspace/wire/device-identifier.ts';
import { fits, identifierKey, stemOf } from '../../src/datasources/thingspace/wire/same-identifier.ts';

/** One Request whose rows are in memory. It shows what `transition` does without any store. */
export class RequestInMemory {
  readonly state: RequestState;
  readonly #placed: PlacedEvent[] = [];
  readonly #devices: DeviceRow[] = [];
  readonly #byDevice = new Map<number, DeviceRow[]>();
  readonly #keys = new Map<string, { index: number; key: string }[]>();
  readonly #keysOf = new Map<number, string[]>();
  readonly #waiting = new Map<number, WorkingSet['added'][number]>();
  readonly #naming = new Map<string, number[]>();

  constructor(devices: readonly RequestedDevice[] | null, position = 0) {
    this.state = new RequestState({
      requestId: 'req',
      total: devices?.length ?? null,
      carriers: [{ firstIndex: 0, deviceCount: devices?.length ?? null, state: 'QUEUED', owed: null, tallies: null }],
    });
    for (const [index, { deviceIds }] of devices?.entries() ?? [])
      for (const { kind, id } of deviceIds) this.#addKey(position, index, identifierKey(parseIdentifierKind(kind), id, kind));
  }

  /** Decides a change, with all that it leaves to be done in later steps. */
  change(change: Change): PlacedEvent[] {
    const placed = this.#once(change);
    while (this.state.carrier(0).owed) placed.push(...this.#once({ type: 'OWED', position: 0 }));
    return placed;
  }

  get outcomes(): NewestState[] {
    return this.set().devices(0, this.state.devices);
  }

  set(): WorkingSet {
    return new WorkingSet(this.state, this.#rows);
  }

  #once(change: Change): PlacedEvent[] {
    const set = this.set();
    let decision = transition(set, change, LOG_LIMITS.request);
    this.#keep(set);
    if (decision.result === 'NOT_YET') return this.#once(change);
    const placed = [...set.placed];
    for (; change.type === 'LAPSE' && decision.next !== null;) {
      const more = this.set();
      decision = transition(more, { ...change, from: decision.next }, LOG_LIMITS.request);
      this.#keep(more);
      placed.push(...more.placed);
    }
    return placed;
  }

  #keep({ placed, learnt, added, tied }: WorkingSet): void {
    this.#placed.push(...placed);
    for (const { event, seq, device, isFoundByDevice } of placed) {
      if (!event.outcome || !device) continue;
      const digest = isFoundByDevice ? (event.callback?.digest ?? null) : null;
      const row = { ...event.outcome, ...device, seq, kind: event.kind, position: event.position, digest };
      this.#devices.push(row);
      this.#byDevice.set(row.index, [...(this.#byDevice.get(row.index) ?? []), row]);
    }
    for (const { position, index, key } of learnt) this.#addKey(position, index, key);
    for (const each of added) {
      this.#waiting.set(each.seq, each);
      for (const stem of each.stems) this.#naming.set(stem, [...(this.#naming.get(stem) ?? []), each.seq]);
    }
    for (const { seq, stems } of tied) {
      this.#waiting.delete(seq);
      for (const stem of stems)
        this.#naming.set(
          stem,
          (this.#naming.get(stem) ?? []).filter((each) => each !== seq),
        );
    }
  }

  #addKey(position: number, index: number, key: string): void {
    const place = `${position} ${stemOf(key)}`;
    this.#keys.set(place, [...(this.#keys.get(place) ?? []), { index, key }]);
    this.#keysOf.set(index, [...(this.#keysOf.get(index) ?? []), key]);
  }

  get #rows(): RequestRows {
    return {
      device: (index) => this.#byDevice.get(index) ?? [],
      newest: (from, to) => [...this.#byDevice].flatMap(([index, rows]) => (index >= from && index < to ? rows.slice(-1) : [])),
      fitting: (position, key, limit) => {
        const named = this.#keys.get(`${position} ${stemOf(key)}`) ?? [];
        const fitting = [...new Set(named.map(({ index }) => index))].filter((index) => fits(this.#keysOf.get(index) ?? [], key));
        const found = fitting.map((index) => ({ index, isExact: this.#keysOf.get(index)?.includes(key) ?? false }));
        return found.toSorted((a, b) => a.index - b.index).slice(0, limit);
      },
      keys: (index) => this.#keysOf.get(index) ?? [],
      waitingFor: (_position, stem, limit) => (this.#naming.get(stem) ?? []).slice(0, limit),
      waiting: (_position, bearing, limit) => [
        ...this.#waiting
          .values()
          .filter((each) => each.bearing === bearing)
          .map(({ seq }) => seq)
          .take(limit),
      ],
      message: (seq) => this.#placed[seq - 1]?.event.callback?.message ?? null,
      after: (seq, limit) =>
        this.#placed.slice(seq, seq + limit).map(({ event, seq: own }): LearnableRow => ({
          seq: own,
          position: event.position,
          index: event.outcome?.index ?? null,
          message: event.callback?.message ?? null,
        })),
    };
  }
}
