import { z } from 'zod';
import type { AccountBook } from '../accounts/account-book.ts';
import { historyDate, wholeSecond } from '../devices/carrier-date.ts';
import { deviceRecord } from '../devices/device-record.ts';
import type { Inventory } from '../devices/inventory.ts';
import { type Answer, ok, type Route } from '../http/route.ts';
import { parseJsonBody } from '../http/request-body.ts';
import { checkIdentifier, identifierInput } from '../actions/requested-devices.ts';
import type { Settings } from '../options.ts';
import { Refusal } from '../refusal.ts';
import type { UnkindSwitch } from '../unkind/unkind-switch.ts';
import { checkDate, checkDeviceQuery } from './check-device-query.ts';
import { deviceListBody, filterDevices } from './filter-devices.ts';

/** Most devices in one answer of the list, and most events in one of the history. */
const maxPage = { devices: 2000, events: 500 } as const;

const historyBody = z.looseObject({
  deviceId: identifierInput,
  earliest: z.string(),
  latest: z.string(),
});

/** Device list and history (pages "Retrieve Device Information", "Retrieve Device Provisioning History"): 202 while there is more. */
export function deviceRoutes(parts: {
  accounts: AccountBook;
  inventory: Inventory;
  settings: Pick<Settings, 'pageAttributes' | 'lenient'>;
  unkind: UnkindSwitch;
}): Route[] {
  const { accounts, inventory, unkind } = parts;
  const { pageAttributes, lenient } = parts.settings;
  const common = { method: 'POST', guard: 'session', dialect: 'business' } as const;
  return [
    {
      ...common,
      endpoint: 'deviceList',
      path: '/api/m2m/v1/devices/actions/list',
      handle: ({ body }) => {
        const query = parseJsonBody(body === '' ? '{}' : body, deviceListBody);
        if (query.accountName) accounts.resolve(query.accountName);
        if (!lenient) checkDeviceQuery(query, accounts, maxPage.devices);
        const mine = new Set(accounts.names);
        const found = filterDevices(inventory, query).filter((device) => mine.has(device.account));
        if (query.deviceId && found.length === 0) {
          throw new Refusal('REQUEST_FAILED.DeviceNotFound', 'The device could not be found.');
        }
        const key = found[0]?.identifiers.iccid ?? query.deviceId?.id;
        if (query.deviceId && unkind.of(key).has('record-refused')) {
          throw new Refusal('REQUEST_FAILED.UnexpectedError', 'Unexpected error occurred. Could not complete request.');
        }
        const size = Math.min(query.maxNumberOfDevices || maxPage.devices, maxPage.devices);
        return page(found.length > size, (hasMoreData) => ({
          hasMoreData,
          devices: found.slice(0, size).map((device) => deviceRecord(device, query.deviceId ? 'all' : pageAttributes)),
        }));
      },
    },
    {
      ...common,
      endpoint: 'deviceHistory',
      path: '/api/m2m/v1/devices/history/actions/list',
      handle: ({ body }) => {
        const query = parseJsonBody(body, historyBody);
        const device = inventory.byIdentifiers([checkIdentifier(query.deviceId)]);
        if (!lenient) for (const name of ['earliest', 'latest'] as const) checkDate(query[name], name);
        if (device === undefined) throw new Refusal('REQUEST_FAILED.DeviceNotFound', 'The device could not be found.');
        const [earliest, latest] = [Date.parse(query.earliest), Date.parse(query.latest)];
        const events = device.history.filter(({ at }) => !(wholeSecond(at) < earliest) && !(wholeSecond(at) > latest));
        return page(events.length > maxPage.events, (hasMoreData) => [
          {
            provisioningHistory: events.slice(0, maxPage.events).map((event) => ({
              occurredAt: historyDate(event.at),
              status: 'Success',
              eventBy: 'Simulator User',
              eventType: event.type,
              servicePlan: event.servicePlan,
              mdn: event.mdn,
              msisdn: event.msisdn,
              extendedAttributes: [],
            })),
            hasMoreData,
          },
        ]);
      },
    },
  ];
}

const page = (hasMoreData: boolean, body: (hasMoreData: boolean) => unknown): Answer =>
  hasMoreData ? { status: 202, body: body(true) } : ok(body(false));
