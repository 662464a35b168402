import type { DatabaseSync } from 'node:sqlite';
import { RequestState, talliesOf, UNSETTLED, type StoredCarrierState } from '../../request-state.ts';
import type { OutcomeSource, OutcomeStatus } from '../../stored-request.ts';
import { isJson, type Faults } from './verify-faults.ts';
import type { LogRow, RequestRow } from './verify-rows.ts';

interface Device {
  readonly position: number;
  readonly status: OutcomeStatus;
  readonly source: OutcomeSource | null;
  readonly niddSeq: number;
  readonly seq: number;
}

type CarrierRow = Omit<StoredCarrierState, 'tallies' | 'owed'> & { readonly tallies: string | null };

/** Reads what is counted of one Request. Null for a store that has no state in rows. */
export function prepareStateReads(db: DatabaseSync) {
  if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'device_event'").get()) return null;
  return {
    isWhole: db.prepare('SELECT state_seq = last_seq AND keyed >= coalesce(total, 0) AS isWhole FROM request WHERE pk = ?'),
    deviceRows: db.prepare('SELECT count(*) AS rows FROM device_event WHERE request_pk = ?'),
    newest: db.prepare(
      'SELECT outcome, max(seq) AS seq, status, source, nidd_seq AS niddSeq FROM device_event WHERE request_pk = ? GROUP BY outcome',
    ),
    unmatched: db.prepare('SELECT seq, position FROM unmatched WHERE request_pk = ? ORDER BY seq'),
    carriers: db.prepare(`SELECT first_index AS firstIndex, device_count AS deviceCount, state, tallies FROM carrier_request
      WHERE request_pk = ? ORDER BY position`),
  };
}

type StateStatements = NonNullable<ReturnType<typeof prepareStateReads>>;

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
  check(sql: StateStatements, { pk, id, total, lastSeq }: RequestRow, faults: Faults): void {
    if (sql.isWhole.get(pk)?.['isWhole'] !== 1) return;
    const differs = (what: string) => faults.add(`What is counted of request ${id} is not what its ${lastSeq} rows say: ${what}.`);
    if (sql.deviceRows.get(pk)?.['rows'] !== this.#deviceRows) differs('the rows of its devices');
    for (const { outcome, seq, status, source, niddSeq } of sql.newest.all(pk)) {
      const device = this.#devices.get(Number(outcome));
      if (!device || device.seq !== seq || device.status !== status || device.source !== source || device.niddSeq !== niddSeq)
        differs(`device ${String(outcome)}`);
    }
    const waiting = sql.unmatched.all(pk).map(({ seq, position }) => [seq, position]);
    if (JSON.stringify(waiting) !== JSON.stringify([...this.#waiting])) differs('its unmatched messages');
    const carriers = sql.carriers.all(pk) as unknown as CarrierRow[];
    const { carriers: blank } = new RequestState({
      requestId: id,
      total,
      carriers: carriers.map((each) => ({ ...each, tallies: null, owed: null })),
    });
    for (const [position, { tallies }] of carriers.entries()) {
      const expected = this.#tallies(position, blank[position]);
      const found = isJson(tallies ?? '') ? (JSON.parse(tallies ?? '') as number[]) : [];
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
