import type { CallbackMessage } from '../../thingspace/wire/callback.ts';
import { readMessageIfReadable } from '../read-message.ts';
import type { DeviceRow, LearnableRow } from '../request-rows.ts';
import { MOST_SHARING } from '../working-set.ts';
import type { Queries } from './database.ts';
import type { LoadedRows, Wanted } from './loaded-rows.ts';
import type { Seals } from './seals.ts';

/** Keys of devices that share a stem: each device may have a few, and one more device than may share an identifier is looked for. */
const MOST_FITTING = (MOST_SHARING + 1) * 8;

type Of<Kind extends Wanted['kind']> = Extract<Wanted, { kind: Kind }>;

/** Loads what changes have asked for: one statement for each kind of rows, however many are wanted, whichever Request they are of. */
export async function loadRows(
  db: Queries,
  seals: Seals,
  wanted: readonly Wanted[],
  rowsOf: ReadonlyMap<number, LoadedRows>,
): Promise<void> {
  const byKind = Map.groupBy(wanted, ({ kind }) => kind);
  const add = (each: Wanted, rows: unknown) => rowsOf.get(each.pk)?.add(each, rows);
  const of = <Kind extends Wanted['kind']>(kind: Kind) => (byKind.get(kind) ?? []) as Of<Kind>[];

  const devices = of('device');
  if (devices.length > 0) {
    const found = await db.rows<Placed<DeviceRow>>(DEVICE, [pksOf(devices), devices.map(({ index }) => index)]);
    spread(devices, found, (each, rows) => add(each, rows));
  }
  const keys = of('keys');
  if (keys.length > 0) {
    const found = await db.rows<Placed<{ key: string }>>(KEYS, [pksOf(keys), keys.map(({ index }) => index)]);
    spread(keys, found, (each, rows) =>
      add(
        each,
        rows.map(({ key }) => key),
      ),
    );
  }
  const fitting = of('fitting');
  if (fitting.length > 0) {
    const found = await db.rows<Placed<{ index: number; key: string }>>(FITTING, [...placesOf(fitting), fitting.map(({ stem }) => stem)]);
    spread(fitting, found, (each, rows) => add(each, rows));
  }
  for (const [limit, some] of Map.groupBy(of('waitingFor'), (each) => each.limit)) {
    const found = await db.rows<Placed<{ seq: number }>>(WAITING_FOR, [...placesOf(some), some.map(({ stem }) => stem), limit]);
    spread(some, found, (each, rows) =>
      add(
        each,
        rows.map(({ seq }) => seq),
      ),
    );
  }
  for (const [limit, some] of Map.groupBy(of('waiting'), (each) => each.limit)) {
    const found = await db.rows<Placed<{ seq: number }>>(WAITING, [...placesOf(some), some.map(({ bearing }) => bearing), limit]);
    spread(some, found, (each, rows) =>
      add(
        each,
        rows.map(({ seq }) => seq),
      ),
    );
  }
  const messages = of('message');
  if (messages.length > 0) {
    const found = await db.rows<Placed<MessageRow>>(MESSAGE, [pksOf(messages), messages.map(({ seq }) => seq)]);
    spread(messages, found, (each, [row]) => add(each, row ? readSealed(seals, each.pk, row) : null));
  }
  for (const each of of('newest')) add(each, await db.rows<DeviceRow>(NEWEST, [each.pk, each.from, each.to]));
  for (const each of of('after')) {
    const found = await db.rows<MessageRow & { position: number; index: number | null }>(AFTER, [each.pk, each.seq, each.limit]);
    add(
      each,
      found.map((row): LearnableRow => ({
        seq: row.seq,
        position: row.position,
        index: row.index,
        message: readSealed(seals, each.pk, row),
      })),
    );
  }
}

/** `ask`: the place of what was wanted in the list, from 1 on. */
type Placed<Row> = Row & { readonly ask: number };

interface MessageRow {
  readonly seq: number;
  readonly service: string | null;
  readonly message: string | null;
  readonly keyId: string | null;
}

function readSealed(seals: Seals, pk: number, { seq, service, message, keyId }: MessageRow): CallbackMessage | null {
  try {
    return readMessageIfReadable(service, seals.openText(message, keyId, `event/message/${pk}/${seq}`));
  } catch {
    return null;
  }
}

function pksOf(wanted: readonly Wanted[]): number[] {
  return wanted.map(({ pk }) => pk);
}

function placesOf(wanted: readonly { readonly pk: number; readonly position: number }[]): [number[], number[]] {
  return [wanted.map(({ pk }) => pk), wanted.map(({ position }) => position)];
}

function spread<Asked, Row>(asked: readonly Asked[], found: readonly Placed<Row>[], take: (each: Asked, rows: Row[]) => void): void {
  const rowsOf = Map.groupBy(found, ({ ask }) => ask);
  for (const [at, each] of asked.entries()) take(each, rowsOf.get(at + 1) ?? []);
}

const DEVICE_ROW = `e.outcome AS index, e.seq, e.position, e.kind, e.outcome_status AS status, e.source, e.final_seq AS "finalSeq",
  e.nidd_seq AS "niddSeq", e.contradicted, e.is_on_hold AS "isOnHold", e.is_settled_by_part AS "isSettledByPart",
  CASE WHEN e.is_found_by_device THEN e.digest END AS digest`;

const DEVICE = `SELECT w.ask::integer AS ask, ${DEVICE_ROW}
  FROM unnest($1::bigint[], $2::integer[]) WITH ORDINALITY AS w (pk, outcome, ask)
  JOIN event e ON e.request_pk = w.pk AND e.outcome = w.outcome ORDER BY w.ask, e.seq`;
export const NEWEST = `SELECT DISTINCT ON (e.outcome) ${DEVICE_ROW} FROM event e
  WHERE e.request_pk = $1 AND e.outcome >= $2 AND e.outcome < $3 ORDER BY e.outcome, e.seq DESC`;
const KEYS = `SELECT w.ask::integer AS ask, k.key FROM unnest($1::bigint[], $2::integer[]) WITH ORDINALITY AS w (pk, outcome, ask)
  JOIN device_key k ON k.request_pk = w.pk AND k.outcome = w.outcome`;
const FITTING = `SELECT w.ask::integer AS ask, k.index, k.key
  FROM unnest($1::bigint[], $2::integer[], $3::text[]) WITH ORDINALITY AS w (pk, position, stem, ask)
  CROSS JOIN LATERAL (SELECT outcome AS index, key FROM device_key
    WHERE request_pk = w.pk AND position = w.position AND stem = w.stem::word ORDER BY outcome LIMIT ${MOST_FITTING}) k`;
const WAITING_FOR = `SELECT w.ask::integer AS ask, u.seq
  FROM unnest($1::bigint[], $2::integer[], $3::text[]) WITH ORDINALITY AS w (pk, position, stem, ask)
  CROSS JOIN LATERAL (SELECT seq FROM unmatched_key
    WHERE request_pk = w.pk AND position = w.position AND stem = w.stem::word ORDER BY seq LIMIT $4) u`;
const WAITING = `SELECT w.ask::integer AS ask, u.seq
  FROM unnest($1::bigint[], $2::integer[], $3::text[]) WITH ORDINALITY AS w (pk, position, bearing, ask)
  CROSS JOIN LATERAL (SELECT seq FROM unmatched
    WHERE request_pk = w.pk AND position = w.position AND bearing = w.bearing::word ORDER BY seq LIMIT $4) u`;
const MESSAGE = `SELECT w.ask::integer AS ask, e.seq, e.service, e.message, e.key_id AS "keyId"
  FROM unnest($1::bigint[], $2::integer[]) WITH ORDINALITY AS w (pk, seq, ask) JOIN event e ON e.request_pk = w.pk AND e.seq = w.seq`;
const AFTER = `SELECT seq, position, outcome AS index, service, message, key_id AS "keyId" FROM event
  WHERE request_pk = $1 AND seq > $2 ORDER BY seq LIMIT $3`;
