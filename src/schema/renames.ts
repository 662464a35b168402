const DEVICES = 'Name the devices in `target` now, with exactly one of its fields';

/**
 * What a document of an earlier version may still say, and what it is called now. The key is the place that the error of GraphQL
 * names: `Type.field` (also of an input), `Type.field(argument:)`, `Type`, `Enum.VALUE`, or `Old → New` for the type of a variable.
 */
export const RENAMES: ReadonlyMap<string, string> = new Map([
  ['DeviceIdentifier.id', 'It is called `value` now, because `id` is for global identities.'],
  ['DeviceIdentifierInput.id', 'It is called `value` now.'],
  ['DeviceIdentifierFilter.id', 'It is called `value` now.'],
  ['ActivateDevicesInput.devices', `${DEVICES}: \`target: { devices: … }\`.`],
  ['ActivateDevicesInput.activateGroup', `${DEVICES}: \`target: { group: … }\`.`],
  ['ActivateDevicesInput.activateWholeAccount', `${DEVICES}: \`target: { wholeAccount: … }\`.`],
  ...['SuspendDevicesInput', 'RestoreDevicesInput'].flatMap((type) =>
    ['devices', 'group', 'wholeAccount'].map((field): [string, string] => [`${type}.${field}`, `${DEVICES}: \`target: { ${field}: … }\`.`]),
  ),
  ['ResolveUnknownRequestInput.carrierRequestId', 'It is in `fate` now: `fate: { carrierRequestId: … }`.'],
  ['ResolveUnknownRequestInput.neverArrived', 'It is in `fate` now: `fate: { neverArrived: true }`.'],
  ['RedrivenDeadLetter.id', 'It is called `deadLetterId` now.'],
  ...['id', 'status', 'progress', 'createdAt'].map((field): [string, string] => [
    `RequestRetriesConnection.${field}`,
    '`retries` is a connection now: its requests are in `nodes`.',
  ]),
  ['String → Cursor', 'Every `after` is of the type `Cursor` now: declare the variable as `Cursor`.'],
]);
