import type * as z from 'zod';
import { CHANGE_GROUP, CREATE_GROUP, DELETE_GROUP } from '../operations/device-groups.ts';
import { mayUse } from '../resolvers/access/caller.ts';
import type { GroupResult } from '../resolvers/carrier/device-groups.ts';
import { builder } from './builder.ts';
import { DeviceGroup } from './device-groups.ts';
import { inputTypeOf } from './input-types.ts';
import { InvalidInput } from './mutation-results.ts';
import { OWNED, WRITE } from './rules.ts';

type Done = Extract<GroupResult, { readonly type: 'DONE' }>;

const DeviceGroupSaved = builder.objectRef<Done>('DeviceGroupSaved').implement({
  extensions: OWNED,
  description: 'The carrier has saved the group.',
  fields: (t) => ({
    name: t.string({ description: 'The name of the group now.', resolve: ({ group }) => group.name }),
    group: t.field({
      type: DeviceGroup,
      nullable: true,
      description:
        'The group as the carrier has it now. Null when you may not read the account, and, with an error beside it, when the carrier does not answer: the group is saved all the same.',
      resolve: ({ group: { accountName, name } }, _args, { carrier, caller }) =>
        mayUse(caller, accountName, 'read') ? carrier.group(caller, accountName, name) : null,
    }),
  }),
});

const DeviceGroupDeleted = builder.objectRef<Done>('DeviceGroupDeleted').implement({
  extensions: OWNED,
  description: 'The carrier has deleted the group. Its devices are in the default group of the account.',
  fields: (t) => ({ name: t.string({ description: 'The name that the group had.', resolve: ({ group }) => group.name }) }),
});

function resultOf(name: string, success: typeof DeviceGroupSaved) {
  return builder.unionType(`${name}Result`, {
    description: `The result of \`${name.charAt(0).toLowerCase()}${name.slice(1)}\`. A failure of the carrier is an error (CARRIER_REFUSED, CARRIER_UNAVAILABLE), and so is RATE_LIMITED.`,
    types: [success, InvalidInput],
    resolveType: (result) => ((result as GroupResult).type === 'DONE' ? success.name : InvalidInput.name),
  });
}

const AT_ONCE = 'The carrier does it at once and bills nothing, so there is no request to follow.';

builder.mutationFields((t) => ({
  createDeviceGroup: t.field({
    extensions: WRITE,
    type: resultOf('CreateDeviceGroup', DeviceGroupSaved),
    description: `Makes a device group, and puts devices into it. Each of them leaves the group that it is in, because a device is in one group. ${AT_ONCE}`,
    args: { input: t.arg({ type: inputTypeOf(CREATE_GROUP), required: true, description: 'The group.' }) },
    resolve: (_parent, { input }, { deviceGroups, caller }) => deviceGroups.create(caller, input as z.input<typeof CREATE_GROUP>),
  }),
  changeDeviceGroup: t.field({
    extensions: WRITE,
    type: resultOf('ChangeDeviceGroup', DeviceGroupSaved),
    description: `Renames or describes a device group, puts devices into it or takes devices out. A device that is put in leaves its old group; one that is taken out goes to the default group. ${AT_ONCE} Fault: \`NOTHING_TO_CHANGE\`.`,
    args: { input: t.arg({ type: inputTypeOf(CHANGE_GROUP), required: true, description: 'The group, and what to change of it.' }) },
    resolve: (_parent, { input }, { deviceGroups, caller }) => deviceGroups.change(caller, input as z.input<typeof CHANGE_GROUP>),
  }),
  deleteDeviceGroup: t.field({
    extensions: WRITE,
    type: resultOf('DeleteDeviceGroup', DeviceGroupDeleted),
    description: `Deletes a device group. Its devices stay in the account, and go to the default group. The default group cannot be deleted: the carrier refuses it. ${AT_ONCE}`,
    args: { input: t.arg({ type: inputTypeOf(DELETE_GROUP), required: true, description: 'Which group.' }) },
    resolve: (_parent, { input }, { deviceGroups, caller }) => deviceGroups.delete(caller, input as z.input<typeof DELETE_GROUP>),
  }),
}));
