import type { CallbackMessage } from '../../thingspace/wire/callback.ts';
import { stemOf } from '../../thingspace/wire/same-identifier.ts';
import type { DeviceRow, FittingDevice, LearnableRow, RequestRows } from '../request-rows.ts';
import type { PlacedEvent, WorkingSet } from '../working-set.ts';
import { toMessage, type EventRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

const ON_HOLD = 1;
const SETTLED_BY_PART = 2;

type StoredDeviceRow = Omit<DeviceRow, 'contradicted' | 'isOnHold' | 'isSettledByPart'> & {
  readonly contradicted: number;
  readonly flags: number;
};

/** The rows of one Request. Reads that a change asks for, and the batch that it leaves. */
export class SqliteRequestRows implements RequestRows {
  readonly #sql: Statements;
  readonly #pk: number;

  constructor(sql: Statements, pk: number) {
    this.#sql = sql;
    this.#pk = pk;
  }

  device(index: number): DeviceRow[] {
    return (this.#sql.rowsOfDevice.all(this.#pk, index) as StoredDeviceRow[]).map(toDeviceRow);
  }

  newest(from: number, to: number): DeviceRow[] {
    return (this.#sql.newestRows.all(this.#pk, from, to) as (StoredDeviceRow & { newest: number })[]).map(({ newest: _newest, ...row }) =>
      toDeviceRow(row),
    );
  }

  fitting(position: number, key: string, limit: number): FittingDevice[] {
    const rows = this.#sql.devicesFitting.all(this.#pk, position, stemOf(key), key, limit) as { index: number; isExact: number }[];
    return rows.map(({ index, isExact }) => ({ index, isExact: isExact === 1 }));
  }

  keys(index: number): string[] {
    return (this.#sql.keysOfDevice.all(this.#pk, index) as { key: string }[]).map(({ key }) => key);
  }

  waitingFor(position: number, stem: string, limit: number): number[] {
    return seqsOf(this.#sql.unmatchedNaming.all(this.#pk, position, stem, limit));
  }

  waiting(position: number, bearing: CallbackMessage['bearing'], limit: number): number[] {
    return seqsOf(this.#sql.unmatchedOf.all(this.#pk, position, bearing, limit));
  }

  message(seq: number): CallbackMessage | null {
    return toMessage(this.#sql.messageAt.get(this.#pk, seq) as Pick<EventRow, 'service' | 'message'> | undefined);
  }

  after(seq: number, limit: number): LearnableRow[] {
    const rows = this.#sql.messagesAfter.all(this.#pk, seq, limit) as unknown as (Pick<
      EventRow,
      'seq' | 'position' | 'service' | 'message'
    > & { readonly index: number | null })[];
    return rows.map((row) => ({ seq: row.seq, position: row.position, index: row.index, message: toMessage(row) }));
  }

  /** Writes what a change leaves beside the rows of the log. */
  write({ placed, learnt, added, tied }: WorkingSet): void {
    for (const each of placed) this.#writeDeviceRow(each);
    if (learnt.length > 0) this.writeKeys(learnt);
    for (const { seq, position, bearing, stems } of added) {
      this.#sql.insertUnmatched.run(this.#pk, position, bearing, seq);
      this.#sql.insertUnmatchedKeys.run(JSON.stringify(stems), this.#pk, position, seq);
    }
    for (const { seq, position, bearing, stems } of tied) {
      this.#sql.deleteUnmatched.run(this.#pk, position, bearing, seq);
      this.#sql.deleteUnmatchedKeys.run(JSON.stringify(stems), this.#pk, position, seq);
    }
  }

  writeKeys(keys: WorkingSet['learnt']): void {
    this.#sql.insertDeviceKeys.run(JSON.stringify(keys.map(({ position, stem, index, key }) => [position, stem, index, key])), this.#pk);
  }

  #writeDeviceRow({ event: { kind, position, outcome, callback }, seq, device, isFoundByDevice }: PlacedEvent): void {
    if (!outcome || !device) return;
    const { index, status, source, contradicted } = outcome;
    this.#sql.insertDeviceEvent.run(
      this.#pk,
      index,
      seq,
      position,
      kind,
      status,
      source,
      device.finalSeq,
      device.niddSeq,
      Number(contradicted),
      (device.isOnHold ? ON_HOLD : 0) | (device.isSettledByPart ? SETTLED_BY_PART : 0),
      isFoundByDevice ? (callback?.digest ?? null) : null,
    );
  }
}

function toDeviceRow({ contradicted, flags, ...row }: StoredDeviceRow): DeviceRow {
  return { ...row, contradicted: contradicted === 1, isOnHold: (flags & ON_HOLD) !== 0, isSettledByPart: (flags & SETTLED_BY_PART) !== 0 };
}

function seqsOf(rows: readonly unknown[]): number[] {
  return (rows as { seq: number }[]).map(({ seq }) => seq);
}
