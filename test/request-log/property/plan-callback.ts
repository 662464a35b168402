import { deviceOfPool, kindsOf, ownGuid, plainKey, poolOf, spelt, strangeGuid, type Kind } from './fleet.ts';
import { incomingOf } from './carrier-message.ts';
import type { OperationOf } from './operations.ts';
import { FORWARDED_ACCOUNT } from './plain-log.ts';
import type { PlainMessage } from './plain-request.ts';
import { ACCOUNTS, partsOf, pick, type PlannedCall, type Situation } from './planned-call.ts';

/** A message about a carrier request that has left, whether its id is known or not. */
export function planCallback(situation: Situation, drawn: OperationOf<'callback'>): PlannedCall[] {
  const left = partsOf(situation).filter(({ request, at }) => request.parts[at]?.attempts || request.parts[at]?.guid);
  const picked = pick(left, drawn.part);
  const part = picked?.request.parts[picked.at];
  if (!picked || !part) return [];
  const { request, at } = picked;
  const guid = part.guid ?? ownGuid(request.number, at);
  const place = part.deviceCount === null ? drawn.device : part.firstIndex + (drawn.device % part.deviceCount);
  const service = drawn.otherService ? (OTHER_SERVICE[part.service] ?? part.service) : part.service;
  const account = drawn.stranger ? otherAccount(request.account) : request.account;
  return [messageCall(situation, { ...drawn, account, guid, service, device: deviceOfPool(poolOf(guid), place) })];
}

/** A message about a request that this gateway did not send, or that was purged. */
export function planExternal(situation: Situation, drawn: OperationOf<'external'>): PlannedCall[] {
  const guids = [strangeGuid(0), strangeGuid(1), ...situation.model.purged.slice(-1)];
  const guid = guids[drawn.guid % guids.length] ?? strangeGuid(0);
  const device = deviceOfPool(poolOf(guid), drawn.device);
  return [messageCall(situation, { ...drawn, account: ACCOUNTS[drawn.account === 0 ? 0 : 1], guid, service: 'CarrierService', device })];
}

/** The same message again, with another count; perhaps at another account's listener. */
export function planResend(situation: Situation, { message: ago, count, stranger }: OperationOf<'resend'>): PlannedCall[] {
  const before = pick(situation.model.sent, ago);
  if (!before) return [];
  const account = stranger ? otherAccount(before.account) : before.account;
  return [appendCall(situation, { ...before, account, callbackCount: count, receivedAt: situation.now })];
}

type Drawn = Pick<OperationOf<'callback'>, 'says' | 'top' | 'nested' | 'spelling'> & {
  readonly account: string;
  readonly guid: string;
  readonly service: string;
  readonly device: number;
};

/**
 * Names the device by identifiers, at least one of which is already known. When the carrier's id is not known yet, or nothing about
 * the device is, the ICCID is among them, so the message always means one device.
 */
function messageCall(situation: Situation, { says, top, nested, spelling, account, guid, service, device }: Drawn): PlannedCall {
  const { model, now } = situation;
  const owner = model.owner(guid);
  const known = owner?.request.devices.find(({ part, keys }) => part === owner.at && keys.includes(plainKey(device, 'ICCID')));
  const isNamed = kindsOf(top | nested).some((kind) => known?.keys.includes(plainKey(device, kind)));
  const kinds = { top: kindsOf(isNamed ? top : top | 1), nested: kindsOf(nested) };
  const spell = (kind: Kind, at: number) => spelt(device, kind, spelling + at);
  const tag = `m${situation.nextNumber()}`;
  return appendCall(situation, {
    tag,
    account,
    guid,
    says,
    receivedAt: now,
    callbackCount: 1,
    service: says === 'NIDD' ? 'NiddService' : says === 'OTHER' ? (top % 2 === 0 ? 'DeviceUsage' : 'NiddService') : service,
    keys: kindsOf(top | nested | (isNamed ? 0 : 1)).map((kind) => plainKey(device, kind)),
    top: kinds.top.map(spell),
    nested: kinds.nested.map(spell),
  });
}

function appendCall({ source, model }: Situation, message: PlainMessage): PlannedCall {
  const incoming = incomingOf(source, message);
  const forward = message.account === FORWARDED_ACCOUNT ? { contentType: null, body: Buffer.from(message.tag) } : null;
  const expected = model.append(message);
  const { tag, guid, says, account } = message;
  return { name: `append ${tag} ${guid} ${says} ${account}`, call: (log) => log.append({ ...incoming, forward }), expected };
}

const OTHER_SERVICE: Readonly<Record<string, string>> = { CarrierService: 'DeviceProfileService', DeviceProfileService: 'CarrierService' };

function otherAccount(account: string): string {
  return account === ACCOUNTS[0] ? ACCOUNTS[1] : ACCOUNTS[0];
}
