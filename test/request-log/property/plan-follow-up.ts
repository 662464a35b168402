import type { Finding } from '../../../src/datasources/request-log/follow-up-log.ts';
import { settleAll } from '../contract-support.ts';
import { deviceOfIccid, kindsOf, ownGuid, plainKey, spelt } from './fleet.ts';
import type { OperationOf } from './operations.ts';
import type { PlainFinding } from './plain-shapes.ts';
import type { PlainRequest } from './plain-request.ts';
import { plainSettle } from './plain-settle.ts';
import { ERROR, partsOf, pick, type PlannedCall, type Situation } from './planned-call.ts';

export function planLapse(situation: Situation, { part, into, from, limit }: OperationOf<'lapse'>): PlannedCall[] {
  const picked = pick(partsOf(situation), part);
  return picked ? [lapseCall(situation, picked.request, picked.at, into, { from, limit })] : [];
}

export function lapseCall(
  { model, now, idOf }: Situation,
  request: PlainRequest,
  at: number,
  into: 'OVERDUE' | 'EXPIRED',
  step: { readonly from: number; readonly limit: number },
): PlannedCall {
  const id = idOf(request);
  const expected = model.lapse(request, at, into, step, now);
  return { name: `lapse ${id} ${at} ${into} ${step.from} ${step.limit}`, call: (log) => log.lapse(id, at, into, step), expected };
}

export function planReconcile(situation: Situation, { findings }: OperationOf<'reconcile'>): PlannedCall[] {
  const told = findings.flatMap((drawn) => findingOf(situation, drawn) ?? []);
  if (told.length === 0) return [];
  const expected = situation.model.reconcile(
    told.map(({ plain }) => plain),
    situation.now,
  );
  const real = told.map((finding) => finding.real);
  const name = `reconcile ${real.map(({ requestId, position, index }) => `${requestId} ${position} ${index}`).join(', ')}`;
  return [{ name, call: (log) => log.reconcile(real), expected }];
}

export function planLearn(situation: Situation, { findings }: OperationOf<'learn'>): PlannedCall[] {
  const told = findings.flatMap((drawn) => findingOf(situation, drawn) ?? []);
  if (told.length === 0) return [];
  const expected = situation.model.learn(
    told.map(({ plain }) => plain),
    situation.now,
  );
  const real = told.map((finding) => finding.real);
  const name = `learn ${real.map(({ requestId, position, index }) => `${requestId} ${position} ${index}`).join(', ')}`;
  return [{ name, call: (log) => log.learn(real), expected }];
}

function findingOf(
  situation: Situation,
  { part, device, byIndex, succeeded, kinds, otherPart }: OperationOf<'reconcile'>['findings'][number],
): { plain: PlainFinding; real: Finding } | null {
  // The gateway never asks the carrier about a request that has not left.
  const picked = pick(
    partsOf(situation).filter(({ request, at }) => request.parts[at]?.state !== 'QUEUED'),
    part,
  );
  if (!picked) return null;
  const { request } = picked;
  const own = request.devices.flatMap((known, index) => (known.part === picked.at ? [{ known, index }] : []));
  const asked = pick(own, device);
  const iccid = asked?.known.keys.find((key) => key.startsWith('ICCID'));
  if (!asked || iccid === undefined) return null;
  const at = otherPart ? (picked.at + 1) % request.parts.length : picked.at;
  const fleet = deviceOfIccid(iccid);
  const named = kindsOf(kinds | 1);
  const tag = `a${situation.nextNumber()}`;
  const index = byIndex ? asked.index : null;
  const deviceIds = named.map((kind, place) => spelt(fleet, kind, place)).map(({ kind, id }) => ({ id, reportedKind: kind }));
  const evidence = situation.source.evidenceOf('DeviceList', { succeeded, servicePlan: tag, deviceIds });
  return {
    plain: { request, part: at, index, succeeded, tag, keys: named.map((kind) => plainKey(fleet, kind)) },
    real: { ...evidence, requestId: situation.idOf(request), position: at, index },
  };
}

export function planCancel({ model, now, idOf, requests }: Situation, { request: ago }: OperationOf<'cancel'>): PlannedCall[] {
  const request = pick(
    requests.filter((known) => model.requests.includes(known)),
    ago,
  );
  if (!request) return [];
  const id = idOf(request);
  return [
    { name: `cancelQueued ${id}`, call: (log) => log.cancelQueued(id, ERROR), expected: model.cancelQueued(request, ERROR.code, now) },
  ];
}

export function planResolve(situation: Situation, { part, to }: OperationOf<'resolve'>): PlannedCall[] {
  const { model, now, idOf } = situation;
  const picked = pick(partsOf(situation), part);
  if (!picked) return [];
  const { request, at } = picked;
  const taken = partsOf(situation).find((other) => other.request !== request && other.request.parts[other.at]?.guid);
  const guid = to === 'NEVER' ? null : (to === 'TAKEN' && taken?.request.parts[taken.at]?.guid) || ownGuid(request.number, at);
  const id = idOf(request);
  const expected = model.resolveUnknown(request, at, guid, now);
  return [{ name: `resolveUnknown ${id} ${at} ${guid}`, call: (log) => log.resolveUnknown(id, at, guid), expected }];
}

export function planSettle({ model, now, turnMs }: Situation, { turnsAgo }: OperationOf<'settle'>): PlannedCall[] {
  const before = now + turnMs - turnsAgo * turnMs;
  return [{ name: `settleUnclaimed ${before}`, call: (log) => settleAll(log, before), expected: plainSettle(model, before, now) }];
}

/** A recovery takes several jobs, so what it does is predictable only when nothing else runs in the turn. */
export function planRecover({ model, now, isAlone }: Situation): PlannedCall[] {
  return isAlone ? [{ name: 'recover', call: (log) => log.recover(), expected: model.recover(now) }] : [];
}
