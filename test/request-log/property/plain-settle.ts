import { poolOf } from './fleet.ts';
import type { Owner, PlainLog } from './plain-log.ts';
import { change, type PlainMessage, type PlainRequest } from './plain-request.ts';
import { newPart } from './plain-steps.ts';

/** The services whose messages settle devices. Only their messages can give an id to a Request. */
const SETTLING: readonly string[] = ['CarrierService', 'DeviceProfileService'];

/**
 * Finds owners for unclaimed callbacks, as documented: the only Request that left before, never learnt its id and has
 * an identifier in common; or a Request of another tool, when no Request could be meant and the first callback is older than `before`.
 *
 * Gives back the ids of Requests that got their carrier id, and of Requests made for another tool.
 */
export function plainSettle(log: PlainLog, before: number, now: number): { resolved: string[]; adopted: string[] } {
  const settled = { resolved: [] as string[], adopted: [] as string[] };
  const heard = log.unclaimed.filter(({ service }) => SETTLING.includes(service));
  for (const { account, guid } of firstOfEach(heard)) {
    if (guid === null || log.owner(guid)) continue;
    const own = log.unclaimed.filter((message) => message.guid === guid && message.account === account);
    const [service = ''] = own.flatMap((message) => (heard.includes(message) ? message.service : [])).sort();
    const firstAt = Math.min(...own.filter((message) => heard.includes(message)).map(({ receivedAt }) => receivedAt));
    const first = Math.min(...own.filter((message) => heard.includes(message)).map((message) => log.order.lastIndexOf(message)));
    const left = partsOf(log, account).filter(({ part }) => log.order.lastIndexOf(part) < first);
    if (left.some(({ part }) => part.state === 'SENDING')) continue;
    const lost = left.filter(({ part }) => part.service === service && isWithoutId(part));
    const sure = lost.filter(({ request, at }) => own.some(({ keys }) => log.deviceOf(request, at, keys) !== null));
    const possible = lost.filter(
      ({ request, at, part }) => part.state !== 'CLOSED' && !request.devices.some((device) => device.part === at),
    );
    const [only] = sure;
    if (only && sure.length + possible.length === 1) {
      log.step(only.request, only.at, 'ACCEPTED', now, { guid });
      settled.resolved.push(only.request.id);
    } else if (sure.length + possible.length === 0 && firstAt < before) {
      settled.adopted.push(adopt(log, { account, service, guid, firstAt }, now));
    }
  }
  return settled;
}

function isWithoutId(part: Owner['part']): boolean {
  return part.guid === null && ['UNKNOWN', 'ACCEPTED', 'CLOSED'].includes(part.state);
}

function adopt(
  log: PlainLog,
  { account, service, guid, firstAt }: { account: string; service: string; guid: string; firstAt: number },
  now: number,
): string {
  const request: PlainRequest = {
    id: `external ${guid}`,
    number: poolOf(guid),
    account,
    origin: 'EXTERNAL',
    operation: null,
    createdBy: 'external',
    clientReference: null,
    key: null,
    input: -1,
    retryOf: null,
    createdAt: firstAt,
    updatedAt: firstAt,
    total: null,
    totalIsEstimate: false,
    devices: [],
    rows: [],
    tags: [],
    waiting: [],
    named: [],
    completedAt: null,
    completedElse: null,
    parts: [newPart(service, 0, null)],
  };
  log.requests.push(request);
  change(request, now, (row) => row(null));
  log.step(request, 0, 'ACCEPTED', now, { guid });
  return request.id;
}

function partsOf(log: PlainLog, account: string): Owner[] {
  return log.requests.flatMap((request) => (request.account === account ? request.parts.map((part, at) => ({ request, at, part })) : []));
}

function firstOfEach(messages: readonly PlainMessage[]): PlainMessage[] {
  return [...Map.groupBy(messages, ({ account, guid }) => `${account} ${guid}`).values()].flatMap(([first]) => first ?? []);
}
