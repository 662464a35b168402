import { z } from 'zod';
import { type Account, findGroup } from '../accounts/account.ts';
import type { AccountBook } from '../accounts/account-book.ts';
import { defaultGroupName } from '../accounts/create-account.ts';
import { checkIdentifier, identifierInput } from '../actions/requested-devices.ts';
import { type Device, identifiersOf } from '../devices/device.ts';
import type { Inventory } from '../devices/inventory.ts';
import { optionalText, parseJsonBody } from '../http/request-body.ts';
import { type ApiRequest, ok, type Route } from '../http/route.ts';
import { Refusal } from '../refusal.ts';

/** Most devices of a group in one answer. */
const maxGroupPage = 2000;

/** Devices are named flat here: `[{kind, id}]`. */
const devices = z.array(identifierInput).nullish();

const newGroup = z.looseObject({
  accountName: z.string(),
  groupName: z.string().min(1),
  groupDescription: z.string(),
  devicesToAdd: devices,
});

const groupChange = z.looseObject({
  newGroupName: optionalText,
  newGroupDescription: optionalText,
  devicesToAdd: devices,
  devicesToRemove: devices,
});

/** Device groups (pages "Create", "List", "Get Device Group Information", "Update", "Delete Device Group"). A device is in one group. */
export function groupRoutes(accounts: AccountBook, inventory: Inventory): Route[] {
  const common = { guard: 'session', dialect: 'business' } as const;
  const find = ({ params }: ApiRequest) => {
    const account = accounts.require(params['account']);
    return { account, group: findGroup(account, params['group']) };
  };
  const named = (account: Account, list: z.infer<typeof devices>): Device[] =>
    (list ?? []).map((input) => {
      const device = inventory.byIdentifiers([checkIdentifier(input)]);
      if (device === undefined) throw new Refusal('REQUEST_FAILED.DeviceNotFound', 'The device could not be found.');
      if (device.account !== account.name) {
        throw new Refusal('INPUT_INVALID.Device.Account.Invalid', 'The device was not a part of the account specified.');
      }
      return device;
    });
  const path = '/api/m2m/v1/groups/{account}/name/{group}';
  return [
    {
      ...common,
      endpoint: 'groups',
      method: 'GET',
      path: '/api/m2m/v1/groups/{account}',
      handle: ({ params }) => ok(accounts.require(params['account']).groups.map((group) => ({ ...group, extendedAttributes: [] }))),
    },
    {
      ...common,
      endpoint: 'group',
      method: 'GET',
      path,
      handle: (request) => {
        const { account, group } = find(request);
        const next = Number(request.query.get('next') ?? 0);
        const left = inventory.find({ account: account.name, groupName: group.name }).filter((device) => device.number > next);
        const shown = left.slice(0, maxGroupPage);
        const hasMoreData = left.length > maxGroupPage;
        const place = `/api/m2m/v1/groups/${encodeURIComponent(account.name)}/name/${encodeURIComponent(group.name)}`;
        return {
          status: hasMoreData ? 202 : 200,
          ...(hasMoreData && { headers: { location: `${place}?next=${shown.at(-1)?.number}` } }),
          body: {
            name: group.name,
            description: group.description,
            hasMoreData,
            devices: shown.map((device) => ({
              deviceIds: identifiersOf(device, ['imei', 'iccid']).map(({ id, kind }) => ({ id, kind })),
            })),
          },
        };
      },
    },
    {
      ...common,
      endpoint: 'groupCreate',
      method: 'POST',
      path: '/api/m2m/v1/groups',
      handle: ({ body }) => {
        const { accountName, groupName, groupDescription, devicesToAdd } = parseJsonBody(body, newGroup);
        const account = accounts.require(accountName);
        refuseTaken(account, groupName);
        const members = named(account, devicesToAdd);
        account.groups.push({ name: groupName, description: groupDescription, isDefaultGroup: false });
        for (const device of members) device.groupName = groupName;
        return ok({ success: true });
      },
    },
    {
      ...common,
      endpoint: 'groupChange',
      method: 'PUT',
      path,
      handle: (request) => {
        const { account, group } = find(request);
        const change = parseJsonBody(request.body, groupChange);
        const name = change.newGroupName || group.name;
        if (name !== group.name) refuseTaken(account, name);
        const [added, removed] = [named(account, change.devicesToAdd), named(account, change.devicesToRemove)];
        account.groups.splice(account.groups.indexOf(group), 1, {
          ...group,
          name,
          description: change.newGroupDescription || group.description,
        });
        for (const device of inventory.find({ account: account.name, groupName: group.name })) device.groupName = name;
        for (const device of added) device.groupName = name;
        for (const device of removed) if (device.groupName === name) device.groupName = defaultGroupName(account.name);
        return ok({ success: true });
      },
    },
    {
      ...common,
      endpoint: 'groupDelete',
      method: 'DELETE',
      path,
      handle: (request) => {
        const { account, group } = find(request);
        if (group.isDefaultGroup) throw new Refusal('INPUT_INVALID.DeviceGroup.DeleteDefault', 'The default group cannot be deleted.');
        account.groups.splice(account.groups.indexOf(group), 1);
        for (const device of inventory.find({ account: account.name, groupName: group.name })) {
          device.groupName = defaultGroupName(account.name);
        }
        return ok({ success: true });
      },
    },
  ];
}

function refuseTaken(account: Account, name: string): void {
  if (account.groups.some((group) => group.name === name)) {
    throw new Refusal('REQUEST_FAILED.DeviceGroup.Exists', 'A device group of this name exists already.');
  }
}
