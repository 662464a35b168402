import { z } from 'zod';
import { type Identifier, identifierKind, identifierPatterns } from '../devices/identifiers.ts';
import { optionalText } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

/** Identifiers in a body. */
export const identifierInput = z.looseObject({ kind: z.string(), id: z.string() });

/** Devices in a body. */
export const deviceList = z.array(z.looseObject({ deviceIds: z.array(identifierInput), ipAddress: optionalText }));

/** A device as a request names it. */
export interface RequestedDevice {
  readonly identifiers: readonly Identifier[];
  readonly ipAddress: string | undefined;
}

/** "1-255.0-255.0-255.0-255", as the activate page writes it. */
const ipAddress = /^([1-9]\d?|1\d\d|2[0-4]\d|25[0-5])(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/;

/**
 * The devices of a request, each with at least one well-formed identifier.
 *
 * Refuses with `INPUT_INVALID.MaxRequestsExceeded`, `.DeviceNotProvided`, `.Device.Kind.Invalid`,
 * `.Device.Identifier.Invalid` and (inferred) `.IpAddress.Invalid`.
 */
export function checkDevices(devices: z.infer<typeof deviceList>, maxDevices: number): RequestedDevice[] {
  if (devices.length > maxDevices) {
    throw new Refusal('INPUT_INVALID.MaxRequestsExceeded', `A request may name at most ${maxDevices} devices.`);
  }
  if (devices.length === 0) throw new Refusal('INPUT_INVALID.DeviceNotProvided', 'No device was provided.');
  return devices.map((device) => {
    if (device.deviceIds.length === 0) {
      throw new Refusal('INPUT_INVALID.DeviceNotProvided', 'A device has no identifiers.');
    }
    if (device.ipAddress && !ipAddress.test(device.ipAddress)) {
      throw new Refusal('INPUT_INVALID.IpAddress.Invalid', `The IP address ${device.ipAddress} is not valid.`);
    }
    return { identifiers: device.deviceIds.map(checkIdentifier), ipAddress: device.ipAddress || undefined };
  });
}

/** One identifier, its kind in lower case. Refuses as {@link checkDevices}. */
export function checkIdentifier(input: z.infer<typeof identifierInput>): Identifier {
  const kind = identifierKind(input.kind);
  if (kind === undefined) {
    throw new Refusal('INPUT_INVALID.Device.Kind.Invalid', `The device identifier kind ${input.kind} is not valid.`);
  }
  if (!identifierPatterns[kind].test(input.id)) {
    throw new Refusal('INPUT_INVALID.Device.Identifier.Invalid', `The ${kind} ${input.id} is not valid.`);
  }
  return { kind, id: input.id };
}
