import { RequestState, talliesOf, UNSETTLED, type StoredCarrierState } from '../request-state.ts';
import type { OutcomeSource, OutcomeStatus } from '../stored-request.ts';
import type { Faults } from './verify-faults.ts';
import type { LogRow, RequestRow } from './verify-rows.ts';

interface Device {
  readonly position: number;
  readonly status: OutcomeStatus;
  readonly source: OutcomeSource | null;
  readonly niddSeq: number;
  readonly seq: number;
}

/** What a store has counted of a Request. */
export interface StoredCounts {
  /** The rows that tell of its devices, where they stand apart from its log. */
  readonly devices: { readonly rows: number; readonly newest: readonly (Omit<Device, 'position'> & { readonly outcome: number })[] } | null;
  /** Its unmatched messages by `seq`. */
  readonly waiting: readonly { readonly seq: number; readonly position: number }[];
  readonly carriers: readonly Omit<StoredCarrierState, 'owed'>[];
}

/** What a Request's log says about the rows that changes read by key. */
export class CountedState {
  readonly #devices = new Map<number, Device>();
  /** By `seq`: the carrier request of a message that no device has. */
  readonly #waiting = new Map<number, number>();
  #deviceRows = 0;

  add(row: LogRow): void {
    if (row.kind === 'UNMATCHED') this.#waiting.set(row.seq, row.position);
    if (row.ties > 0) this.#waiting.delete(row.ties);
    if (row.outcome === null) return;
    this.#deviceRows++;
    const { position, status, source, niddSeq, seq } = row;
    this.#devices.set(row.outcome, { position: this.#devices.get(row.outcome)?.position ?? position, status, source, niddSeq, seq });
  }

  /** Compares them with what is stored. */
  check({ devices, waiting, carriers }: StoredCounts, { id, total, lastSeq }: RequestRow, faults: Faults): void {
    const differs = (what: string) => faults.add(`What is counted of request ${id} is not what its ${lastSeq} rows say: ${what}.`);
    if (devices && devices.rows !== this.#deviceRows) differs('the rows of its devices');
    for (const { outcome, seq, status, source, niddSeq } of devices?.newest ?? []) {
      const device = this.#devices.get(outcome);
      if (!device || device.seq !== seq || device.status !== status || device.source !== source || device.niddSeq !== niddSeq)
        differs(`device ${outcome}`);
    }
    const stored = waiting.map(({ seq, position }) => [seq, position]);
    if (JSON.stringify(stored) !== JSON.stringify([...this.#waiting])) differs('its unmatched messages');
    const { carriers: blank } = new RequestState({
      requestId: id,
      total,
      carriers: carriers.map((each) => ({ ...each, tallies: null, owed: null })),
    });
    for (const [position, { tallies }] of carriers.entries()) {
      const carrier = blank[position];
      const found = tallies ?? (carrier ? talliesOf(carrier) : []);
      // The four last ones tell the unmatched messages apart by what they say.
      const unmatched = found.slice(-4).reduce((sum, count) => sum + count, 0);
      if (JSON.stringify([...found.slice(0, -4), unmatched]) !== JSON.stringify(this.#tallies(position, carrier)))
        differs(`carrier request ${position}`);
    }
  }

  #tallies(position: number, carrier: RequestState['carriers'][number] | undefined): number[] {
    if (!carrier) return [];
    const [finals = 0, finalSum = 0, nidds = 0, niddSum = 0, unsettled = 0] = talliesOf(carrier);
    const all = { finals, finalSum, nidds, niddSum, unsettled, strays: 0 };
    for (const [index, device] of this.#devices) {
      if (device.position !== position) continue;
      const isNamed = index >= carrier.firstIndex && index < carrier.firstIndex + carrier.named;
      if (!isNamed) {
        all.strays++;
        all.finals++;
        all.finalSum += index;
        all.nidds++;
        all.niddSum += index;
        all.unsettled++;
      }
      if (device.source === 'CALLBACK') {
        all.finals--;
        all.finalSum -= index;
      }
      if (device.niddSeq !== 0) {
        all.nidds--;
        all.niddSum -= index;
      }
      if (!UNSETTLED.includes(device.status)) all.unsettled--;
    }
    const waiting = [...this.#waiting.values()].filter((own) => own === position).length;
    return [all.finals, all.finalSum, all.nidds, all.niddSum, all.unsettled, all.strays, waiting];
  }
}
