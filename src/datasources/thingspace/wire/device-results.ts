import * as z from 'zod';
import { fieldsOf, isFields, lenientText } from './carrier-values.ts';
import { deviceIdentifiers } from './device-identifier.ts';
import { evidenceOf, type Evidence } from './evidence.ts';

const entry = fieldsOf({ deviceIds: deviceIdentifiers, response: lenientText, status: lenientText, message: lenientText });

const SUCCEEDED: ReadonlySet<string> = new Set(['success', 'successful', 'succeeded']);
const FAILED: ReadonlySet<string> = new Set(['failed', 'failure', 'fail']);

/** The fault code of this gateway for a device that the carrier refuses in its answer, where it names no code. */
const REFUSED = 'NOT_DONE';

/**
 * The answer of an operation that reports its devices at once: a list with `response` (add) or `status` (delete) of each device, and
 * sometimes a `message`. `deviceIds` is a list or an object. An entry with another word tells nothing and is left out, and so is one
 * without identifiers: that device is asked for later. Null when it is no such list.
 */
export function readDeviceResults(body: unknown): readonly Evidence[] | null {
  const list = listIn(body);
  if (!list) return null;
  return list.flatMap((each): Evidence[] => {
    const read = entry.safeParse(each);
    if (!read.success) return [];
    const { deviceIds, response, status, message } = read.data;
    const said = response ?? status;
    const word = said?.toLowerCase() ?? '';
    if (deviceIds.length === 0 || !(SUCCEEDED.has(word) || FAILED.has(word))) return [];
    const succeeded = SUCCEEDED.has(word);
    const fault = succeeded ? null : { code: REFUSED, message: message ?? 'The carrier gives no reason.' };
    return [evidenceOf('DeviceResult', { succeeded, status: said, deviceIds, fault })];
  });
}

/** The list itself, or the only list in an object around it. */
function listIn(body: unknown): readonly unknown[] | null {
  if (Array.isArray(body)) return body;
  const lists = isFields(body) ? z.array(z.array(z.unknown())).safeParse(Object.values(body)) : null;
  return (lists?.success && lists.data.length === 1 && lists.data[0]) || null;
}
