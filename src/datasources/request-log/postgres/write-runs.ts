import { countsOf, isTerminal } from '../stored-request.ts';
import { talliesOf } from '../request-state.ts';
import { resolveThisRow } from '../batch-rows.ts';
import { CHANGE_NOTED_EVERY_MS } from '../change-notes.ts';
import { changesTopic } from '../changed-requests.ts';
import type { Transaction, Value } from './database.ts';
import type { NewRow, RequestRun } from './request-run.ts';
import type { Seals } from './seals.ts';

/** No index takes a longer text. Nobody has an identifier of that length, so nothing is found by it. */
export const LONGEST_KEY = 500;

/** Writes what the runs have decided, each kind of rows in one statement, and wakes the followers of the Requests. */
export async function writeRuns(tx: Transaction, seals: Seals, runs: readonly RequestRun[]): Promise<void> {
  const changed = runs.filter(
    ({ rows, set, request }) => rows.length > 0 || set.state.learntSeq !== request.learntSeq || isPaid({ set, request }),
  );
  if (changed.length === 0) return;
  const rows = changed.flatMap((run) => run.rows.map((row) => ({ ...row, pk: run.request.pk })));
  if (rows.length > 0) await tx.run(INSERT_EVENTS, eventColumns(seals, rows));
  await tx.run(UPDATE_REQUESTS, requestColumns(changed));
  await writeCarriers(tx, changed);
  await writeKeys(
    tx,
    changed.flatMap(({ request: { pk }, set }) => set.learnt.map((each) => ({ ...each, pk }))),
  );
  await writeWaiting(tx, changed);
  await countExternal(tx, changed);
  for (const { rows: own, request } of changed) {
    if (own.length === 0) continue;
    tx.wake(request.id);
    tx.wake(changesTopic(request.account));
  }
}

/** Whether something that a step owed was done. */
function isPaid({ set, request }: Pick<RequestRun, 'set' | 'request'>): boolean {
  return set.state.carriers.some(({ owed }, position) => (owed && JSON.stringify(owed)) !== (request.carriers[position]?.owedJson ?? null));
}

/** Adds identifiers to devices. Those that they have already stay. */
export async function writeKeys(
  tx: Transaction,
  keys: readonly { readonly pk: number; readonly position: number; readonly stem: string; readonly index: number; readonly key: string }[],
): Promise<void> {
  const usable = keys.filter(({ key }) => key.length <= LONGEST_KEY);
  if (usable.length === 0) return;
  await tx.run(INSERT_KEYS, [
    usable.map(({ pk }) => pk),
    usable.map(({ position }) => position),
    usable.map(({ stem }) => stem),
    usable.map(({ index }) => index),
    usable.map(({ key }) => key),
  ]);
}

function eventColumns(seals: Seals, rows: readonly (NewRow & { readonly pk: number })[]): Value[] {
  const outcomes = rows.map(({ event, seq }) => event.outcome && resolveThisRow(event.outcome, seq));
  return [
    rows.map(({ pk }) => pk),
    rows.map(({ seq }) => seq),
    rows.map(({ at }) => at),
    rows.map(({ event }) => event.kind),
    rows.map(({ event }) => event.position),
    outcomes.map((outcome) => outcome?.index ?? null),
    outcomes.map((outcome) => outcome?.status ?? null),
    outcomes.map((outcome) => outcome?.source ?? null),
    outcomes.map((outcome) => outcome?.finalSeq ?? 0),
    outcomes.map((outcome) => outcome?.niddSeq ?? 0),
    outcomes.map((outcome) => outcome?.contradicted ?? false),
    rows.map(({ device }) => device?.isOnHold ?? false),
    rows.map(({ device }) => device?.isSettledByPart ?? false),
    rows.map(({ event }) => event.ties),
    rows.map(({ status }) => status),
    rows.map(({ counts }) => arrayOf(counts)),
    rows.map(({ event }) => event.callback?.service ?? null),
    rows.map(({ event }) => event.callback?.callbackCount ?? null),
    rows.map(({ event }) => event.callback?.digest ?? null),
    rows.map(({ isFoundByDevice }) => isFoundByDevice),
    rows.map(({ event, pk, seq }) => seals.sealText(event.callback?.json ?? null, `event/message/${pk}/${seq}`)),
    rows.map(({ event }) => (event.callback ? seals.keyId : null)),
  ];
}

function requestColumns(runs: readonly RequestRun[]): Value[] {
  const states = runs.map(({ set }) => set.state);
  return [
    runs.map(({ request }) => request.pk),
    states.map(({ status }) => status),
    states.map(({ counts }) => arrayOf(countsOf(counts))),
    states.map(({ lastSeq }) => lastSeq),
    states.map(({ learntSeq }) => learntSeq),
    states.map(({ quiet }) => quiet),
    states.map(({ messageBytes }) => messageBytes),
    runs.map(({ at }) => at),
    runs.map(({ set, hasBeenOpen }) => (!isTerminal(set.state.status) ? 'OPEN' : hasBeenOpen ? 'COMPLETED_NOW' : 'COMPLETED')),
  ];
}

async function writeCarriers(tx: Transaction, runs: readonly RequestRun[]): Promise<void> {
  const changed = runs.flatMap(({ request, set }) =>
    set.state.carriers.flatMap((carrier, position) => {
      const before = request.carriers[position];
      const tallies = talliesOf(carrier);
      const owed = carrier.owed && JSON.stringify(carrier.owed);
      const isSame = before?.state === carrier.state && before.owedJson === owed && String(before.tallies) === String(tallies);
      return isSame ? [] : [{ pk: request.pk, position, state: carrier.state, tallies, owed }];
    }),
  );
  if (changed.length === 0) return;
  await tx.run(UPDATE_CARRIERS, [
    changed.map(({ pk }) => pk),
    changed.map(({ position }) => position),
    changed.map(({ state }) => state),
    changed.map(({ tallies }) => arrayOf(tallies)),
    changed.map(({ owed }) => owed),
  ]);
}

async function writeWaiting(tx: Transaction, runs: readonly RequestRun[]): Promise<void> {
  const added = runs.flatMap(({ request: { pk }, set }) => set.added.map((each) => ({ ...each, pk })));
  const tied = runs.flatMap(({ request: { pk }, set }) => set.tied.map((each) => ({ ...each, pk })));
  for (const [list, sql, keysSql] of [
    [added, INSERT_WAITING, INSERT_WAITING_KEYS],
    [tied, DELETE_WAITING, DELETE_WAITING_KEYS],
  ] as const) {
    if (list.length === 0) continue;
    const places = (some: readonly { pk: number; position: number; seq: number }[]) => [
      some.map(({ pk }) => pk),
      some.map(({ position }) => position),
      some.map(({ seq }) => seq),
    ];
    await tx.run(sql, [...places(list), list.map(({ bearing }) => bearing)]);
    const keys = list.flatMap((each) => each.stems.filter((stem) => stem.length <= LONGEST_KEY).map((stem) => ({ ...each, stem })));
    if (keys.length > 0) await tx.run(keysSql, [...places(keys), keys.map(({ stem }) => stem)]);
  }
}

/** What the requests of other tools hold is counted for each account. */
async function countExternal(tx: Transaction, runs: readonly RequestRun[]): Promise<void> {
  const external = runs.filter(({ request, rows }) => request.origin === 'EXTERNAL' && rows.length > 0);
  const byAccount = [...Map.groupBy(external, ({ request }) => request.account)].toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (byAccount.length === 0) return;
  const grown = (some: readonly RequestRun[]) =>
    some.reduce((sum, { set, request }) => sum + set.state.messageBytes - request.messageBytes, 0);
  await tx.run(COUNT_EXTERNAL, [
    byAccount.map(([account]) => account),
    byAccount.map(([, some]) => some.reduce((sum, { rows }) => sum + rows.length, 0)),
    byAccount.map(([, some]) => grown(some)),
  ]);
}

/** A list as PostgreSQL writes it: a list of lists would be taken for one with two dimensions. */
function arrayOf(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`;
}

const INSERT_EVENTS = `INSERT INTO event (request_pk, seq, at, kind, position, outcome, outcome_status, source, final_seq, nidd_seq,
    contradicted, is_on_hold, is_settled_by_part, ties, request_status, counts, service, callback_count, digest, is_found_by_device,
    message, key_id)
  SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p::integer[], q, r, s, t, u, v FROM unnest($1::bigint[], $2::integer[], $3::bigint[],
    $4::text[], $5::integer[], $6::integer[], $7::text[], $8::text[], $9::integer[], $10::integer[], $11::boolean[], $12::boolean[],
    $13::boolean[], $14::integer[], $15::text[], $16::text[], $17::text[], $18::bigint[], $19::bytea[], $20::boolean[], $21::text[],
    $22::text[]) AS new (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v)`;
/** By the clock of the database, which all gateways share. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
const UPDATE_REQUESTS = `UPDATE request r SET status = n.status, counts = n.counts::integer[], last_seq = n.last_seq,
    learnt_seq = n.learnt_seq, quiet = n.quiet, message_bytes = n.message_bytes, updated_at = greatest(r.updated_at, n.at),
    is_to_index = r.is_to_index OR n.last_seq > r.last_seq,
    changed_at = CASE WHEN ${NOW} > r.changed_at + ${CHANGE_NOTED_EVERY_MS} THEN ${NOW} ELSE r.changed_at END,
    completed_at = CASE n.how WHEN 'OPEN' THEN NULL WHEN 'COMPLETED_NOW' THEN n.at ELSE coalesce(r.completed_at, n.at) END
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::integer[], $7::bigint[], $8::bigint[], $9::text[])
    AS n (pk, status, counts, last_seq, learnt_seq, quiet, message_bytes, at, how) WHERE r.pk = n.pk`;
const UPDATE_CARRIERS = `UPDATE carrier_request c SET state = n.state, tallies = n.tallies::bigint[], owed = n.owed
  FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[]) AS n (pk, position, state, tallies, owed)
  WHERE c.request_pk = n.pk AND c.position = n.position`;
const INSERT_KEYS = `INSERT INTO device_key (request_pk, position, stem, outcome, key)
  SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::integer[], $5::text[]) ON CONFLICT DO NOTHING`;
const INSERT_WAITING = `INSERT INTO unmatched (request_pk, position, seq, bearing)
  SELECT * FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[])`;
const INSERT_WAITING_KEYS = `INSERT INTO unmatched_key (request_pk, position, seq, stem)
  SELECT * FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[]) ON CONFLICT DO NOTHING`;
const DELETE_WAITING = `DELETE FROM unmatched u USING unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[])
  AS n (pk, position, seq, bearing) WHERE u.request_pk = n.pk AND u.position = n.position AND u.bearing = n.bearing::word AND u.seq = n.seq`;
const DELETE_WAITING_KEYS = `DELETE FROM unmatched_key u USING unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[])
  AS n (pk, position, seq, stem) WHERE u.request_pk = n.pk AND u.position = n.position AND u.stem = n.stem::word AND u.seq = n.seq`;
const COUNT_EXTERNAL = `INSERT INTO held AS h SELECT account, '', 'EXTERNAL', rows, bytes
  FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS n (account, rows, bytes) ORDER BY account
  ON CONFLICT (account, service, kind) DO UPDATE SET rows = h.rows + excluded.rows, bytes = h.bytes + excluded.bytes`;
