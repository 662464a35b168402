import type { DatabaseSync } from 'node:sqlite';
import { RequestState, talliesOf, UNSETTLED, type StoredCarrierState } from '../../request-state.ts';
import type { OutcomeSource, OutcomeStatus } from '../../stored-request.ts';
import type { Faults } from './verify-faults.ts';
import type { LogRow, RequestRow } from './verify-rows.ts';

interface Device {
  readonly position: number;
  readonly status: OutcomeStatus;
  readonly source: OutcomeSource | null;
  readonly niddSeq: number;
  readonly seq: number;
}

type CarrierRow = Omit<StoredCarrierState, 'tallies' | 'owed'> & { readonly tallies: string | null };

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

  /** Compares them with what is stored. A Request that was not taken over yet has no such rows. */
  check(db: DatabaseSync, { pk, id, total, lastSeq }: RequestRow, faults: Faults): void {
    const whole = db.prepare('SELECT state_seq = last_seq AND keyed >= coalesce(total, 0) AS whole FROM request WHERE pk = ?').get(pk);
    if (whole?.['whole'] !== 1) return;
    const one = (sql: string) => Object.values(db.prepare(sql).get(pk) ?? {})[0];
    const differs = (what: string) => faults.add(`What is counted of request ${id} is not what its ${lastSeq} rows say: ${what}.`);
    if (one('SELECT count(*) FROM device_event WHERE request_pk = ?') !== this.#deviceRows) differs('the rows of its devices');
    const newest = db
      .prepare(
        'SELECT outcome, max(seq) AS seq, status, source, nidd_seq AS niddSeq FROM device_event WHERE request_pk = ? GROUP BY outcome',
      )
      .all(pk);
    for (const { outcome, seq, status, source, niddSeq } of newest) {
      const device = this.#devices.get(Number(outcome));
      if (!device || device.seq !== seq || device.status !== status || device.source !== source || device.niddSeq !== niddSeq)
        differs(`device ${String(outcome)}`);
    }
    const waiting = db.prepare('SELECT seq, position FROM unmatched WHERE request_pk = ? ORDER BY seq').all(pk);
    if (JSON.stringify(waiting.map(({ seq, position }) => [seq, position])) !== JSON.stringify([...this.#waiting]))
      differs('its unmatched messages');
    const carriers = db
      .prepare(
        `SELECT first_index AS firstIndex, device_count AS deviceCount, state, tallies FROM carrier_request WHERE request_pk = ? ORDER BY position`,
      )
      .all(pk) as unknown as CarrierRow[];
    const { carriers: blank } = new RequestState({
      requestId: id,
      total,
      carriers: carriers.map((each) => ({ ...each, tallies: null, owed: null })),
    });
    for (const [position, { tallies }] of carriers.entries()) {
      const expected = this.#tallies(position, blank[position]);
      const found = JSON.parse(tallies ?? '[]') as number[];
      // The four last ones tell the unmatched messages apart by what they say.
      const unmatched = found.slice(-4).reduce((sum, count) => sum + count, 0);
      if (JSON.stringify([...found.slice(0, -4), unmatched]) !== JSON.stringify(expected)) differs(`carrier request ${position}`);
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
