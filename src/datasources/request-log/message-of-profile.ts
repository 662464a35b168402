import type { CallbackMessage } from '../thingspace/wire/callback.ts';

/** Kinds that name one profile of an eSIM device, and not the device around it. */
const OF_PROFILE: ReadonlySet<string> = new Set(['ICCID', 'MSISDN', 'MDN', 'IMSI', 'MIN']);

/**
 * What a message says where the carrier reports each profile of a device and then the device itself. A message about a profile is a
 * notice: it settles nothing, and ties to the device by what all its profiles share. Each of them has an ICCID of its own, so two such
 * messages would seem to be about two devices. The message about the device names no ICCID, and is left as it is.
 */
export function asNoticeOfProfile(message: CallbackMessage): CallbackMessage {
  const isOfProfile = message.isPart || message.deviceIds.some(({ kind }) => kind === 'ICCID');
  if (!isOfProfile || (message.bearing !== 'FINAL' && message.bearing !== 'PROGRESS')) return message;
  const deviceIds = message.deviceIds.filter(({ kind }) => kind === null || !OF_PROFILE.has(kind));
  return { ...message, deviceIds, bearing: 'PROGRESS', succeeded: false, isPart: false };
}
