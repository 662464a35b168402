import { z } from 'zod';
import type { AccountBook } from '../accounts/account-book.ts';
import { checkIdentifier, identifierInput } from '../actions/requested-devices.ts';
import { listDate, wholeSecond } from '../devices/carrier-date.ts';
import type { Device } from '../devices/device.ts';
import { daysBetween, messagesOf, sessionsOf, startOfDay } from '../devices/device-sessions.ts';
import type { Inventory } from '../devices/inventory.ts';
import { parseJsonBody } from '../http/request-body.ts';
import { ok, type Route } from '../http/route.ts';
import type { Settings } from '../options.ts';
import { Refusal } from '../refusal.ts';
import { checkDate } from './check-device-query.ts';

/** Most entries in one answer. */
const maxPage = 500;

const rangeBody = z.looseObject({ deviceId: identifierInput, earliest: z.string(), latest: z.string() });

interface Range {
  readonly earliest: number;
  readonly latest: number;
}

/** Connection and usage history (pages "Retrieve Device Connection History", "Retrieve Device Usage History"): 202 while there is more. */
export function activityRoutes(parts: {
  accounts: AccountBook;
  inventory: Inventory;
  settings: Pick<Settings, 'clock' | 'lenient'>;
}): Route[] {
  const { accounts, inventory, settings } = parts;
  const history = (endpoint: string, list: string, name: string, entriesOf: (device: Device, range: Range) => object[]): Route => ({
    endpoint,
    method: 'POST',
    path: `/api/m2m/v1/devices/${list}`,
    guard: 'session',
    dialect: 'business',
    handle: ({ body }) => {
      const query = parseJsonBody(body, rangeBody);
      const device = inventory.byIdentifiers([checkIdentifier(query.deviceId)]);
      if (!settings.lenient) for (const field of ['earliest', 'latest'] as const) checkDate(query[field], field);
      if (device === undefined || !accounts.names.includes(device.account)) {
        throw new Refusal('REQUEST_FAILED.DeviceNotFound', 'The device could not be found.');
      }
      const entries = entriesOf(device, { earliest: Date.parse(query.earliest), latest: Date.parse(query.latest) });
      const hasMoreData = entries.length > maxPage;
      const answer = { [name]: entries.slice(0, maxPage), hasMoreData };
      return hasMoreData ? { status: 202, body: answer } : ok(answer);
    },
  });
  /** Nothing is told of the time before the device was activated, so no range makes the simulator count for ever. */
  const daysOf = (device: Device, { earliest, latest }: Range) =>
    daysBetween(Math.max(earliest, device.lastActivationAt ?? Infinity), Math.min(latest, settings.clock.now()));
  return [
    history('connections', 'connections/actions/listHistory', 'connectionHistory', (device, range) =>
      daysOf(device, range)
        .flatMap((day) => sessionsOf(device, day, settings.clock.now()))
        .flatMap(({ startAt, stopAt, bytesUsed }) => [
          { at: startAt, event: 'Start', bytesUsed: 0 },
          { at: stopAt, event: 'Stop', bytesUsed },
        ])
        .filter(({ at }) => wholeSecond(at) >= range.earliest && wholeSecond(at) <= range.latest)
        .map(({ at, event, bytesUsed }) => ({
          occurredAt: listDate(at),
          connectionEventAttributes: [
            { key: 'BytesUsed', value: String(bytesUsed) },
            { key: 'Event', value: event },
            { key: 'Msisdn', value: device.identifiers.msisdn ?? '' },
          ],
          extendedAttributes: [],
        })),
    ),
    history('usage', 'usage/actions/list', 'usageHistory', (device, range) =>
      daysOf(device, range)
        .filter((day) => startOfDay(day) >= range.earliest && startOfDay(day) <= range.latest)
        .map((day) => {
          const smsUsed = messagesOf(device, day);
          return {
            timestamp: listDate(startOfDay(day)),
            bytesUsed: sessionsOf(device, day, settings.clock.now()).reduce((sum, { bytesUsed }) => sum + bytesUsed, 0),
            smsUsed,
            source: 'Raw Usage',
            servicePlan: device.servicePlan ?? '',
            extendedAttributes: [{ key: 'MoSms', value: String(smsUsed) }],
          };
        }),
    ),
  ];
}
