import type { DeadLetterReason } from '../../../src/datasources/request-log/dead-letter-log.ts';
import type { OperationOf } from './operations.ts';
import { FORWARDED_ACCOUNT, REJECTS } from './plain-log.ts';
import { plainPurgeStep } from './plain-purge.ts';
import { ACCOUNTS, pick, type PlannedCall, type Situation } from './planned-call.ts';

const REASONS: readonly DeadLetterReason[] = ['UNREADABLE', 'QUARANTINED'];

export function planKeep({ model, now }: Situation, { account: at, reason: why, body, cap }: OperationOf<'keep'>): PlannedCall[] {
  const account = ACCOUNTS[at === 0 ? 0 : 1];
  const reason = REASONS[why] ?? 'UNREADABLE';
  const message = { account, service: 'CarrierService', receivedAt: now, reason, contentType: null, body: Buffer.from(`body ${body}`) };
  const forward = account === FORWARDED_ACCOUNT ? { contentType: null, body: message.body } : null;
  const isKept = model.keep({ account, service: 'CarrierService', reason, body: `body ${body}`, receivedAt: now }, cap);
  const expected = isKept ? 'KEPT' : 'PATH_FULL';
  return [{ name: `keep ${account} ${reason} ${body}, at most ${cap}`, call: (log) => log.keep({ ...message, forward }, cap), expected }];
}

export function planDiscardDeadLetter({ model, deadLetterIds }: Situation, { at }: OperationOf<'discardDeadLetter'>): PlannedCall[] {
  const found = pick([...deadLetterIds], at);
  if (!found) return [];
  const [message, id] = found;
  model.kept = model.kept.filter((other) => other !== message);
  return [{ name: `discardDeadLetter ${id}`, call: (log) => log.discardDeadLetter(id), expected: undefined }];
}

export function planDiscardForwards({ model, forwardIds }: Situation, { lane: at, count }: OperationOf<'discardForwards'>): PlannedCall[] {
  const waiting = [...forwardIds.keys()].filter((copy) => model.forwards.includes(copy));
  const lanes = [...Map.groupBy(waiting, ({ account, service }) => `${account} ${service}`).values()];
  const copies = (lanes[at % Math.max(lanes.length, 1)] ?? []).slice(0, count);
  const [first] = copies;
  if (!first) return [];
  model.forwards = model.forwards.filter((copy) => !copies.includes(copy));
  const ids = copies.map((copy) => forwardIds.get(copy) ?? '');
  const lane = { account: first.account, service: first.service };
  return [{ name: `discardForwards ${ids.join()}`, call: (log) => log.discardForwards(lane, ids), expected: undefined }];
}

export function* planPurge({ model, now, turnMs }: Situation, { turnsAgo, steps }: OperationOf<'purge'>): Generator<PlannedCall> {
  // A Request that was complete before the turn is open again. Whether it is purged depends on the commit.
  if (model.requests.some(({ completedElse }) => completedElse !== null)) return;
  const before = now - turnsAgo * turnMs;
  for (let left = steps; left > 0; left--) {
    const expected = plainPurgeStep(model, before);
    yield { name: `purgeStep ${before}`, call: async (log) => (await log.upkeep.purgeStep(before)).done, expected };
  }
}

/** A job that throws among others. All of them run again, each alone. */
export function planPoison({ requests, idOf }: Situation, { how }: OperationOf<'poison'>): PlannedCall[] {
  const id = requests[0] && how === 'NO_SUCH_PART' ? idOf(requests[0]) : 'req_00000000000000000000000000';
  return [{ name: `step ${id} 99`, call: (log) => log.step(id, 99, { type: 'SENDING' }), expected: REJECTS }];
}
