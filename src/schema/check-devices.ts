import { readDeviceState } from '../datasources/thingspace/wire/state-words.ts';
import { GatewayError } from '../errors.ts';
import { operationNamed } from '../operations/index.ts';
import { line } from '../operations/line-target.ts';
import { deviceList, MAX_DEVICES } from '../operations/target.ts';
import { checkDevices, type CheckVerdict, type DeviceCheck, type DeviceCheckResult } from '../resolvers/carrier/check-devices.ts';
import { requireAccount } from '../resolvers/carrier/carrier-account.ts';
import { cursorAt } from '../resolvers/requests/cursor.ts';
import { builder } from './builder.ts';
import { ACCOUNT_ARG } from './carrier-account.ts';
import { FAILS_ALONE } from './carrier-call.ts';
import { pageCursor } from './connection.ts';
import { Device, DeviceStateEnum } from './device.ts';
import { enumOf, OperationEnum } from './enums.ts';
import { inputTypeOf } from './input-types.ts';
import { atMost } from './list-sizes.ts';
import { OWNED, READ } from './rules.ts';

const CheckVerdictEnum = enumOf<CheckVerdict>('CheckVerdict', 'What would become of a device if the operation were asked for now.', {
  READY: 'Its state allows the operation. For an activation also a device that the account does not have yet: the carrier adds it.',
  LIMIT_REACHED: 'As READY, but this gateway has changed the line as often as the carrier allows: the carrier may refuse it.',
  DONE: 'It is in the state already that the operation leads to. The carrier would refuse it, or bill it again.',
  NOT_ALLOWED: 'Its state does not allow the operation. See `state`.',
  UNDER_WAY: 'Another change of it is not over, here or at the carrier, which refuses every other one until then.',
  NOT_FOUND: 'The account has no such device.',
  NOT_CHECKED: 'The check has ended before it was found. Go on with `DeviceCheckResult.cursor`.',
  NOT_CLEAR: 'Several lines have this identifier, for example the profiles of one eSIM, or the carrier tells a state that is not known.',
});

const DeviceCheckType = builder.objectRef<DeviceCheck>('DeviceCheck').implement({
  extensions: OWNED,
  description: 'One device that was checked.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its place in the list of the input.' }),
    verdict: t.expose('verdict', { type: CheckVerdictEnum, description: 'What would become of it.' }),
    state: t.field({
      type: DeviceStateEnum,
      nullable: true,
      description: 'Its state at the carrier. Null when the carrier has no record of it, or several.',
      resolve: ({ device }) => (device === null ? null : readDeviceState(device.state)),
    }),
    device: t.expose('device', {
      type: Device,
      nullable: true,
      description: 'The record of the carrier. Null as `state`.',
    }),
  }),
});

const DeviceCheckResultType = builder.objectRef<DeviceCheckResult>('DeviceCheckResult').implement({
  extensions: OWNED,
  description: 'What a check has found.',
  fields: (t) => ({
    isComplete: t.boolean({
      description: 'False when some devices are NOT_CHECKED.',
      resolve: ({ devices }) => devices.every(({ verdict }) => verdict !== 'NOT_CHECKED'),
    }),
    cursor: t.field({
      type: 'Cursor',
      nullable: true,
      description:
        'Pass it as `after`, with the devices that are NOT_CHECKED, to go on. Null when the list of the account was read to its end, or need not be.',
      resolve: ({ next }, _args, { store }) => (next === null ? null : cursorAt('devices', next, store.epoch)),
    }),
    devices: t.field({
      extensions: atMost(MAX_DEVICES),
      type: [DeviceCheckType],
      description: 'One for each device of the input, in its order.',
      resolve: ({ devices }) => [...devices],
    }),
  }),
});

const DEVICES = deviceList(line);

builder.queryField('checkDevices', (t) =>
  t.field({
    extensions: READ,
    type: DeviceCheckResultType,
    nullable: true,
    description: `Checks devices before a billable action: which of them the carrier knows, in which state, and whether something is under way. It changes nothing. Up to 40 devices are looked up one by one. For more, the list of the account is read, for 20 seconds at most, or until your share of questions to the carrier is used up: then some devices are NOT_CHECKED, and \`cursor\` goes on. ${FAILS_ALONE}`,
    args: {
      accountName: t.arg.string({ required: true, description: ACCOUNT_ARG }),
      operation: t.arg({ type: OperationEnum, required: true, description: 'The operation that you mean to ask for.' }),
      devices: t.arg({ type: [inputTypeOf(line)], required: true, description: '1 to 10,000 devices.' }),
      after: t.arg({ type: 'Cursor', required: false, description: 'The `cursor` of an earlier check of these devices.' }),
    },
    resolve: (
      _parent,
      { accountName: account, operation: name, devices: given, after },
      { carrier, store, caller, accounts, nextTurn },
    ) => {
      requireAccount(new Set(accounts), caller, account);
      const operation = operationNamed(name);
      const { data: devices, error } = DEVICES.safeParse(given);
      if (!operation || !devices) throw new GatewayError('BAD_USER_INPUT', `\`devices\`: ${error?.issues[0]?.message ?? 'is not valid'}`);
      const asked = { operation, account, devices, after: pageCursor('devices', after, store) };
      return checkDevices({ carrier, store, nextTurn }, caller, asked);
    },
  }),
);
