import { GatewayError } from '../../../errors.ts';
import type { LogLimits } from '../log-limits.ts';
import { CARRIER_STATE, isAnswer, mayBegin, REUSED_ID, type SendingStep } from '../sending-steps.ts';
import type { Claims } from './claims.ts';
import type { Database, Transaction } from './database.ts';
import { findOwners, toCarrierId } from './find-owners.ts';
import { lockRequest, type LockedRequest } from './locked-request.ts';
import { runChanges, type RequestRun } from './request-run.ts';
import type { Seals } from './seals.ts';
import { writeRuns } from './write-runs.ts';

export interface ChangeParts {
  readonly db: Database;
  readonly seals: Seals;
  readonly limits: LogLimits;
  readonly claims: Claims;
  readonly now: () => number;
  /** The clock of the database is so much ahead of ours. All gateways note by it when they have sent something. */
  readonly clockOffMs: number;
}

/**
 * Runs `work` in a transaction that has locked a Request.
 *
 * @throws GatewayError NOT_FOUND when it is not in the store.
 */
export function changeRequest<Result>(
  { db }: Pick<ChangeParts, 'db'>,
  requestId: string,
  work: (tx: Transaction, request: LockedRequest) => Promise<Result>,
): Promise<Result> {
  return db.transaction(async (tx) => {
    const request = await lockRequest(tx, requestId);
    if (!request) throw new GatewayError('NOT_FOUND', 'The request is not in the store: its time was over, and it was purged.');
    return work(tx, request);
  });
}

/** Decides changes of one Request, and writes them. */
export async function runOne<Result>(
  tx: Transaction,
  { seals, limits }: Pick<ChangeParts, 'seals' | 'limits'>,
  request: LockedRequest,
  work: (run: RequestRun) => Result,
): Promise<Result> {
  const [ran] = await runChanges(tx, { seals, limits: limits.request }, [{ request, work }]);
  if (!ran) throw new Error('nothing ran');
  await writeRuns(tx, seals, [ran.run]);
  return ran.result;
}

export interface StepAt {
  readonly position: number;
  readonly step: SendingStep;
}

interface CarrierWrite extends StepAt {
  readonly carrierRequestId: string | null;
  /** Another id is taken away from it. What has come under that id stays in its log. */
  readonly releases: boolean;
}

/** Does those of the steps that may begin. Gives back how many did. What they leave to do is done by `settle`, when they are committed. */
export async function stepRequest(tx: Transaction, parts: ChangeParts, request: LockedRequest, steps: readonly StepAt[]): Promise<number> {
  const at = parts.now();
  const ids = steps.flatMap(({ step }) => (step.type === 'ACCEPTED' ? (toCarrierId(step.carrierRequestId) ?? []) : []));
  const owners = await findOwners(tx, ids);
  const writes = await runOne(tx, parts, request, (run) => {
    const done: CarrierWrite[] = [];
    for (const { position, step: given } of steps) {
      const owner = given.type === 'ACCEPTED' ? owners.get(toCarrierId(given.carrierRequestId) ?? '') : undefined;
      const isOfAnother = owner !== undefined && (owner.pk !== request.pk || owner.position !== position);
      const step: SendingStep = isOfAnother ? { type: 'UNANSWERED', error: REUSED_ID } : given;
      if (!mayBegin(step, run.set.state.carrierState(position))) continue;
      const carrierRequestId = step.type === 'ACCEPTED' ? toCarrierId(step.carrierRequestId) : null;
      const held = request.carriers[position]?.carrierRequestId ?? null;
      const releases = isAnswer(step) && held !== null && held !== carrierRequestId;
      // It has an id already. A second id would cut off the callbacks of the first.
      if (carrierRequestId !== null && held !== null && !releases) continue;
      run.apply({ type: 'STEP', position, step }, at);
      done.push({ position, step, carrierRequestId, releases });
    }
    return done;
  });
  for (const { position, step, carrierRequestId, releases } of writes) {
    const isSending = step.type === 'SENDING';
    await tx.run(UPDATE_CARRIER, [
      request.pk,
      position,
      carrierRequestId,
      releases,
      isSending,
      at + parts.clockOffMs,
      isSending || step.type === 'REQUEUED' ? null : at + parts.clockOffMs,
      'error' in step ? JSON.stringify(step.error) : null,
      CARRIER_STATE[step.type],
    ]);
    if (carrierRequestId !== null)
      await tx.run('UPDATE unclaimed SET is_left = false WHERE carrier_request_id = $1::word AND is_left', [carrierRequestId]);
  }
  if (writes.length > 0) await tx.run(UPDATE_ERROR, [request.pk]);
  return writes.length;
}

/** Does what the steps of a Request have left to do: its other devices are settled, and what came for its new ids is claimed. */
export async function settle(parts: ChangeParts, requestId: string, ids: readonly string[] = []): Promise<void> {
  while (await payOwed(parts, requestId));
  await parts.claims.claimAll(ids);
}

/**
 * Does what changes of any Request have left to do: whoever began it may have ended.
 *
 * @returns false when it took longer than `ms`, and something may be left.
 */
export async function settleOwing(parts: ChangeParts, ms = Infinity): Promise<boolean> {
  const end = performance.now() + ms;
  for (const { id } of await parts.db.rows<{ id: string }>(OWING))
    while (await payOwed(parts, id)) if (performance.now() > end) return false;
  return true;
}

/** False when nothing is owed. */
function payOwed(parts: ChangeParts, requestId: string): Promise<boolean> {
  return parts.db.transaction(async (tx) => {
    const request = await lockRequest(tx, requestId);
    const position = request?.carriers.findIndex(({ owed }) => owed !== null) ?? -1;
    if (!request || position < 0) return false;
    await runOne(tx, parts, request, (run) => run.apply({ type: 'OWED', position }, parts.now()));
    return true;
  });
}

/** The ids that steps may have given to carrier requests. */
export function idsOf(steps: readonly StepAt[]): string[] {
  return steps.flatMap(({ step }) => (step.type === 'ACCEPTED' ? (toCarrierId(step.carrierRequestId) ?? []) : []));
}

/** The last number that an unclaimed callback was given. Callbacks that come later have a higher one. */
export const LAST_UNCLAIMED = '(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM unclaimed_pk_seq)';

const OWING = `SELECT id FROM request WHERE pk IN (SELECT request_pk FROM carrier_request WHERE owed IS NOT NULL) ORDER BY pk`;
const UPDATE_CARRIER = `UPDATE carrier_request SET
    carrier_request_id = coalesce($3::word, CASE WHEN $4::boolean THEN NULL ELSE carrier_request_id END),
    attempts = attempts + $5::boolean::integer,
    sent_after = CASE WHEN $5::boolean THEN ${LAST_UNCLAIMED} ELSE sent_after END,
    sent_at = CASE WHEN $5::boolean THEN $6::bigint ELSE sent_at END,
    answered_at = $7::bigint, error = $8::text, state = $9::word
  WHERE request_pk = $1 AND position = $2`;
// The error of the first carrier request that has one. The success of a later one does not remove it.
const UPDATE_ERROR = `UPDATE request SET error = (SELECT error FROM carrier_request
  WHERE request_pk = request.pk AND error IS NOT NULL ORDER BY position LIMIT 1) WHERE pk = $1`;
