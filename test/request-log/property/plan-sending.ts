import { createHash } from 'node:crypto';
import type { NewRequest } from '../../../src/datasources/request-log/request-sending.ts';
import type { RequestedDevice } from '../../../src/datasources/request-log/stored-request.ts';
import { deviceOfPool, kindsOf, ownGuid, plainKey, spelt } from './fleet.ts';
import type { OperationOf } from './operations.ts';
import { lapseCall } from './plan-follow-up.ts';
import { mayBegin, newPart, type PlainStep } from './plain-steps.ts';
import { newDevice, type PlainPart, type PlainRequest } from './plain-request.ts';
import { ACCOUNTS, ERROR, partsOf, pick, type PlannedCall, type Situation } from './planned-call.ts';

const OPERATIONS = [
  { name: 'ACTIVATE_DEVICES', service: 'CarrierService' },
  { name: 'RENEW_ACTIVATION_CODE', service: 'DeviceProfileService' },
] as const;

type Shape = Omit<OperationOf<'create'>, 'type' | 'again'>;

export function planCreate(situation: Situation, { again, ...shape }: Omit<OperationOf<'create'>, 'type'>): PlannedCall[] {
  const known = again
    ? pick(
        situation.requests.filter(({ origin }) => origin === 'GATEWAY'),
        0,
      )
    : undefined;
  return [createCall(situation, newRequest(situation, shape, known?.id)).planned];
}

/** Create, send, and the carrier's answer, all given to the log at once. */
export function* planSubmit(situation: Situation, { answered, type: _type, ...shape }: OperationOf<'submit'>): Generator<PlannedCall> {
  const { planned, request } = createCall(situation, newRequest(situation, shape));
  yield planned;
  if (!situation.model.requests.includes(request)) return;
  for (const at of request.parts.keys()) {
    yield stepCall(situation, request, at, { type: 'SENDING' });
    if (answered === 'ACCEPTED')
      yield stepCall(situation, request, at, { type: 'ACCEPTED', carrierRequestId: ownGuid(request.number, at) });
    if (answered === 'UNANSWERED' || answered === 'EXPIRED') yield stepCall(situation, request, at, { type: 'UNANSWERED', error: ERROR });
    if (answered === 'EXPIRED') yield lapseCall(situation, request, at, 'EXPIRED', { from: 0, limit: 10 });
  }
}

export function planStep(situation: Situation, { part, step, taken, fits, answered }: OperationOf<'step'>): PlannedCall[] {
  const all = partsOf(situation);
  const fitting = all.filter(({ request, at }) =>
    mayBegin(request, at, step, answered && step === 'ACCEPTED' ? ownGuid(request.number, at) : null),
  );
  const picked = pick(fits && fitting.length > 0 ? fitting : all, part);
  if (!picked) return [];
  const { request, at } = picked;
  // We have not sent another tool's request, so the carrier answers us nothing.
  const isAnswered = answered && request.origin === 'GATEWAY';
  const foreign = partsOf(situation).find((other) => other.request !== request && other.request.parts[other.at]?.guid);
  const carrierRequestId = (taken && foreign?.request.parts[foreign.at]?.guid) || ownGuid(request.number, at);
  const told: PlainStep =
    step === 'ACCEPTED'
      ? { type: step, carrierRequestId, ...(isAnswered && { answered: true as const }) }
      : step === 'SENDING' || step === 'PROVEN'
        ? { type: step }
        : { type: step, error: ERROR };
  return [stepCall(situation, request, at, told)];
}

export function planMembers(situation: Situation, { request: ago, count, kinds }: OperationOf<'members'>): PlannedCall[] {
  const groups = partsOf(situation).filter(({ request }) => request.origin === 'GATEWAY' && request.parts[0]?.deviceCount === null);
  const request = pick(groups, ago)?.request;
  if (!request) return [];
  const members = Array.from({ length: count }, (_, at) => deviceOfPool(request.number, at));
  situation.model.setMembers(
    request,
    members.map((device) => keysOf(device, kinds)),
    situation.now,
  );
  const id = situation.idOf(request);
  const devices = members.map((device) => requested(device, kinds));
  return [{ name: `setMembers ${id} ${count}`, call: (log) => log.setMembers(id, devices), expected: undefined }];
}

function stepCall({ model, now, idOf }: Situation, request: PlainRequest, at: number, step: PlainStep): PlannedCall {
  const expected = model.step(request, at, step.type, now, {
    ...('carrierRequestId' in step && { guid: step.carrierRequestId, answered: step.answered ?? false }),
    ...('error' in step && { error: step.error.code }),
  });
  const id = idOf(request);
  return { name: `step ${id} ${at} ${JSON.stringify(step)}`, call: (log) => log.step(id, at, step), expected };
}

function createCall(
  { model }: Situation,
  { plain, real }: { plain: PlainRequest; real: NewRequest },
): { planned: PlannedCall; request: PlainRequest } {
  const expected = model.create(plain);
  return { planned: { name: `create ${real.id}`, call: (log) => log.create(real), expected }, request: plain };
}

function newRequest(situation: Situation, shape: Shape, id?: string): { plain: PlainRequest; real: NewRequest } {
  const { now, requests, idOf } = situation;
  const number = situation.nextNumber();
  const { name, service } = OPERATIONS[shape.operation === 0 ? 0 : 1];
  const retried =
    shape.retryOf === null
      ? undefined
      : pick(
          requests.filter(({ origin }) => origin === 'GATEWAY'),
          shape.retryOf,
        );
  const parts: PlainPart[] = [];
  let firstIndex = 0;
  for (const size of shape.sizes ?? [null]) {
    parts.push(newPart(service, firstIndex, size));
    firstIndex += size ?? 0;
  }
  const fleet = parts.flatMap(({ deviceCount }, part) => Array.from({ length: deviceCount ?? 0 }, () => part));
  const devices = shape.sizes && fleet.map((_, at) => requested(deviceOfPool(number, at), shape.kinds));
  const common = {
    id: id ?? `req_${String(number).padStart(26, '0')}`,
    account: ACCOUNTS[shape.account === 0 ? 0 : 1],
    createdBy: 'tester',
    clientReference: shape.kinds % 2 === 0 ? null : `reference ${number}`,
    createdAt: now,
  };
  const plain: PlainRequest = {
    ...common,
    number,
    origin: 'GATEWAY',
    operation: name,
    input: shape.input,
    retryOf: retried?.id ?? null,
    parts,
    key: shape.key === null ? null : `key ${shape.key}`,
    devices: fleet.map((part, at) => newDevice(part, true, keysOf(deviceOfPool(number, at), shape.kinds))),
    total: devices?.length ?? null,
    totalIsEstimate: false,
    updatedAt: now,
    completedAt: null,
    completedElse: null,
    rows: [],
    tags: [],
    waiting: [],
    named: fleet.flatMap((_, at) => keysOf(deviceOfPool(number, at), shape.kinds)),
  };
  const real: NewRequest = {
    ...common,
    operation: name,
    idempotencyKey: plain.key,
    retryOf: retried ? idOf(retried) : null,
    inputHash: createHash('sha256').update(String(shape.input)).digest(),
    devicesJson: devices && JSON.stringify(devices),
    settings: '{}',
    carrierRequests: parts.map((part) => ({ service, firstIndex: part.firstIndex, deviceCount: part.deviceCount })),
  };
  return { plain, real };
}

/** A device as a mutation names it: by its ICCID first. */
function requested(device: number, kinds: number): RequestedDevice {
  return { deviceIds: kindsOf(kinds | 1).map((kind, at) => spelt(device, kind, kinds + at)) };
}

function keysOf(device: number, kinds: number): string[] {
  return kindsOf(kinds | 1).map((kind) => plainKey(device, kind));
}
