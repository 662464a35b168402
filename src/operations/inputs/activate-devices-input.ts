import * as z from 'zod';
import type { ActivateSettings } from '../activate-body.ts';
import type { DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import type { Command } from './command.ts';
import { deviceListFaults } from './device-rules.ts';
import * as field from './fields.ts';
import { faultsOf, type InputFault, type Parsed } from './input-fault.ts';
import { primaryPlaceOfUse } from './primary-place-of-use.ts';
import { absent, requestOptions } from './request-options.ts';

const KINDS: readonly DeviceIdentifierKind[] = ['IMEI', 'ICCID', 'EID', 'MDN', 'MEID', 'MSISDN', 'ESN'];

const customFields = z
  .array(
    z.object({
      key: z.string().regex(/^CustomField[1-5]$/, 'key must be CustomField1, CustomField2, CustomField3, CustomField4 or CustomField5.'),
      value: field.safeText('value', 50),
    }),
  )
  .min(1, 'Name at least one custom field, or leave the list out.');

const shape = z.object({
  accountName: field.accountName,
  devices: field
    .deviceList(
      z.object({
        deviceIds: z.array(field.identifier(KINDS)).min(1, 'Each device needs at least one identifier.'),
        ipAddress: field.ipAddress.nullish().transform(absent),
      }),
    )
    .nullish(),
  groupName: field.safeText('groupName', 100).nullish(),
  activateGroup: z.object({ groupName: field.safeText('groupName', 100), customFieldFilter: customFields.nullish() }).nullish(),
  activateWholeAccount: z.object({ confirmAccountName: z.string(), customFieldFilter: customFields.nullish() }).nullish(),
  servicePlan: field.servicePlan,
  mdnZipCode: field.zipCode('mdnZipCode'),
  skuNumber: field.safeText('skuNumber', 20).nullish(),
  carrierName: field.safeText('carrierName', 100).nullish(),
  carrierIpPoolName: field.safeText('carrierIpPoolName', 100).nullish(),
  customFields: customFields.nullish(),
  leadId: field.safeText('leadId', 100).nullish(),
  costCenterCode: field.plainText('costCenterCode', 36).nullish(),
  publicIpRestriction: z
    .string()
    .regex(/^(?:un)?restricted$/, 'publicIpRestriction must be "restricted" or "unrestricted".')
    .nullish(),
  primaryPlaceOfUse: primaryPlaceOfUse.nullish(),
  ...requestOptions,
});

type Input = z.input<typeof shape>;

/** Checks every rule of the activation page; all faults come back together. */
export function parseActivateDevices(input: Input): Parsed<Command> {
  const parsed = shape.safeParse(input);
  const faults = [...(parsed.success ? [] : faultsOf(parsed.error)), ...crossFaults(input)];
  return faults.length > 0 || !parsed.success ? { faults } : { command: toCommand(parsed.data) };
}

/** Rules between fields. They read the raw input, so that they speak beside the faults of single fields. */
function crossFaults(input: Input): InputFault[] {
  const faults: InputFault[] = [];
  const fault = (path: InputFault['path'], code: string, message: string) => faults.push({ path, code, message });
  const devices = input.devices ?? null;
  const targets = (['devices', 'activateGroup', 'activateWholeAccount'] as const).filter(
    (name) => input[name] !== undefined && input[name] !== null,
  );
  if (targets.length !== 1) {
    fault(
      [],
      'EXACTLY_ONE_TARGET',
      `Say which devices to activate with exactly one of devices, activateGroup and activateWholeAccount; this input has ${targets.length === 0 ? 'none' : targets.join(' and ')}.`,
    );
  }
  if (devices) faults.push(...deviceListFaults(devices, false));
  if (!devices && input.groupName)
    fault(
      ['groupName'],
      'NEEDS_DEVICES',
      'groupName is the group to put the listed devices into. To activate the devices of a group, use activateGroup.',
    );
  if (!devices && input.customFields)
    fault(
      ['customFields'],
      'NEEDS_DEVICES',
      'customFields are values to set on listed devices. To choose devices by custom fields, use customFieldFilter.',
    );
  if (input.activateWholeAccount && input.activateWholeAccount.confirmAccountName !== input.accountName) {
    fault(
      ['activateWholeAccount', 'confirmAccountName'],
      'NOT_CONFIRMED',
      'confirmAccountName must repeat accountName: every device of the account will be activated.',
    );
  }
  for (const [path, fields] of [
    [['customFields'], input.customFields],
    [['activateGroup', 'customFieldFilter'], input.activateGroup?.customFieldFilter],
    [['activateWholeAccount', 'customFieldFilter'], input.activateWholeAccount?.customFieldFilter],
  ] as const) {
    const keys = fields?.map(({ key }) => key) ?? [];
    for (const [at, key] of keys.entries())
      if (keys.indexOf(key) !== at) fault([...path, at, 'key'], 'DUPLICATE_KEY', 'Name each custom field once.');
  }
  const addresses = new Set<string>();
  for (const [at, device] of (devices ?? []).entries()) {
    if (input.skuNumber && !device.deviceIds.some(({ kind }) => kind === 'ICCID'))
      fault(['devices', at, 'deviceIds'], 'SKU_NEEDS_ICCID', 'With skuNumber each device needs its ICCID: the SKU stands in for the IMEI.');
    if (!device.ipAddress) continue;
    if (!input.carrierIpPoolName)
      fault(['devices', at, 'ipAddress'], 'NEEDS_IP_POOL', 'ipAddress needs carrierIpPoolName: name the pool the address belongs to.');
    if (addresses.has(device.ipAddress))
      fault(['devices', at, 'ipAddress'], 'DUPLICATE_ADDRESS', 'Another device of the list has the same ipAddress.');
    addresses.add(device.ipAddress);
  }
  if (input.leadId && input.primaryPlaceOfUse)
    fault(
      ['primaryPlaceOfUse'],
      'EXCLUDES_LEAD',
      'primaryPlaceOfUse cannot be used with leadId: the lead has the address. Give one of the two.',
    );
  return faults;
}

function toCommand(input: z.output<typeof shape>): Command {
  const filter = input.activateGroup?.customFieldFilter ?? input.activateWholeAccount?.customFieldFilter;
  const settings: ActivateSettings = {
    servicePlan: input.servicePlan,
    mdnZipCode: input.mdnZipCode,
    groupName: absent(input.groupName ?? input.activateGroup?.groupName),
    skuNumber: absent(input.skuNumber),
    carrierName: absent(input.carrierName),
    carrierIpPoolName: absent(input.carrierIpPoolName),
    customFields: absent(input.customFields ?? filter),
    leadId: absent(input.leadId),
    costCenterCode: absent(input.costCenterCode),
    publicIpRestriction: absent(input.publicIpRestriction),
    primaryPlaceOfUse: absent(input.primaryPlaceOfUse),
  };
  return {
    operation: 'ACTIVATE_DEVICES',
    accountName: input.accountName,
    devices: input.devices ?? null,
    settings,
    clientReference: input.clientReference ?? null,
    idempotencyKey: input.idempotencyKey ?? null,
    retryOf: null,
    validateOnly: input.validateOnly ?? false,
  };
}
