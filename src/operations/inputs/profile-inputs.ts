import * as z from 'zod';
import type { OperationName } from '../operations.ts';
import type { ProfileSettings } from '../profile-body.ts';
import type { DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import type { Command } from './command.ts';
import { deviceListFaults } from './device-rules.ts';
import * as field from './fields.ts';
import { faultsOf, type InputFault, type Parsed } from './input-fault.ts';
import { absent, requestOptions } from './request-options.ts';

const shape = (kinds: readonly DeviceIdentifierKind[]) =>
  z.object({
    accountName: field.accountName,
    devices: field.deviceList(
      z.object({ deviceIds: z.array(field.identifier(kinds)).min(1, 'Each device needs at least one identifier.') }),
    ),
    servicePlan: field.servicePlan.nullish(),
    mdnZipCode: field.zipCode('mdnZipCode').nullish(),
    ...requestOptions,
  });

const renewShape = shape(['EID', 'ICCID', 'IMEI']);
const resumeShape = shape(['ICCID']);

type ProfileInput = z.input<typeof renewShape>;

/**
 * Renewing an activation code. The page's text takes EID and ICCID, its own example sends EID and IMEI, the carrier's SDK
 * IMEI and ICCID: any of them is accepted, as long as the eSIM is named by its EID or the ICCID it had.
 */
export function parseRenewActivationCode(input: ProfileInput): Parsed<Command> {
  const faults = input.devices.flatMap(({ deviceIds }, at): InputFault[] =>
    deviceIds.length === 0 || deviceIds.some(({ kind }) => kind === 'EID' || kind === 'ICCID')
      ? []
      : [
          {
            path: ['devices', at, 'deviceIds'],
            code: 'NEEDS_EID_OR_ICCID',
            message: 'Name the eSIM by its EID or by the ICCID it had; an IMEI alone is not enough.',
          },
        ],
  );
  return parse('RENEW_ACTIVATION_CODE', renewShape, input, faults);
}

/** Resuming a suspended eSIM profile, by ICCID (a device may have several profiles). */
export function parseResumeProfile(input: Omit<ProfileInput, 'mdnZipCode'>): Parsed<Command> {
  return parse('RESUME_PROFILE', resumeShape, input, []);
}

function parse(operation: OperationName, rules: typeof renewShape, input: ProfileInput, more: readonly InputFault[]): Parsed<Command> {
  const parsed = rules.safeParse(input);
  const faults = [...(parsed.success ? [] : faultsOf(parsed.error)), ...deviceListFaults(input.devices, true), ...more];
  if (faults.length > 0 || !parsed.success) return { faults };
  const settings: ProfileSettings = { servicePlan: absent(parsed.data.servicePlan), mdnZipCode: absent(parsed.data.mdnZipCode) };
  return {
    command: {
      operation,
      accountName: parsed.data.accountName,
      devices: parsed.data.devices,
      settings,
      clientReference: parsed.data.clientReference ?? null,
      idempotencyKey: parsed.data.idempotencyKey ?? null,
      retryOf: null,
      validateOnly: parsed.data.validateOnly ?? false,
    },
  };
}
