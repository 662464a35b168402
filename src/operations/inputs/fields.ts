import * as z from 'zod';
import type { DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';

/** Rules of single fields, as the carrier's pages state them. Each is one zod type with the sentence a caller reads. */

/**
 * The carrier refuses `'`, `<` and `\` in any field (INPUT_INVALID.Request.InvalidCharacter); control characters never make
 * sense; U+FFFD stands where a client wrote something that is not UTF-8.
 */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /['<\\\u0000-\u001f\u007f\ud800-\udfff\ufffd]/u;

export const safeText = (what: string, max: number) =>
  z
    .string()
    .min(1, `${what} must not be empty: leave the field out instead.`)
    .max(max, `${what} must have at most ${max} characters.`)
    .refine((value) => !FORBIDDEN.test(value), {
      message: `${what} must not contain ' or < or \\ or a control character (the carrier refuses them), nor anything that is not UTF-8.`,
      params: { code: 'INVALID_CHARACTER' },
    })
    .refine((value) => value.trim() === value, { message: `${what} must not begin or end with a space.`, params: { code: 'PADDED' } });

/** Letters, digits, space, dash, exclamation point and pound sign. */
export const plainText = (what: string, max: number) =>
  safeText(what, max).regex(/^[\p{L}\p{N} \-!#]*$/u, `${what} may hold letters, digits, space, - ! and # only.`);

export const zipCode = (what: string) => z.string().regex(/^\d{5}$/, `${what} must be a 5-digit ZIP code, for example "98801".`);

export const accountName = safeText('accountName', 64);
export const servicePlan = safeText('servicePlan', 100);

/** The carrier's IP format: 1-255.0-255.0-255.0-255. */
export const ipAddress = z
  .string()
  .regex(
    /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]\d?)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/,
    'ipAddress must be an IPv4 address: 1-255.0-255.0-255.0-255, for example "100.127.22.33".',
  );

/** What each kind looks like: lengths from the activation page and the carrier's identifier list; EID as the eSIM pages say. */
const IDENTIFIER_FORMS: Readonly<Record<DeviceIdentifierKind, { readonly form: RegExp; readonly hint: string }>> = {
  ICCID: { form: /^\d{18,20}$/, hint: '18 to 20 digits' },
  EID: { form: /^\d{32}$/, hint: '32 digits' },
  IMEI: { form: /^\d{14,16}$/, hint: '14 to 16 digits' },
  MDN: { form: /^\d{10}$/, hint: '10 digits' },
  MSISDN: { form: /^\d{11}$/, hint: '11 digits (1 and the MDN)' },
  MEID: { form: /^[0-9A-Fa-f]{14}$/, hint: '14 hexadecimal digits' },
  ESN: { form: /^\d{11}$/, hint: '11 digits' },
  IMSI: { form: /^\d{14,15}$/, hint: '14 or 15 digits' },
  MIN: { form: /^\d{10}$/, hint: '10 digits' },
};

/** One identifier of one of `kinds`. */
export function identifier(kinds: readonly DeviceIdentifierKind[]) {
  return z.object({ kind: z.string(), id: z.string() }).superRefine(({ kind, id }, context) => {
    const known = kinds.find((allowed) => allowed === kind);
    if (known === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['kind'],
        params: { code: 'IDENTIFIER_KIND' },
        message: `This operation takes ${kinds.join(', ')}; ${kind} is not one of them.`,
      });
      return;
    }
    const { form, hint } = IDENTIFIER_FORMS[known];
    if (!form.test(id))
      context.addIssue({
        code: 'custom',
        path: ['id'],
        params: { code: 'IDENTIFIER_FORM' },
        message: `The id of kind ${known} must have ${hint}, nothing else.`,
      });
  });
}

export const MAX_DEVICES = 10_000;

/** A list of 1 to 10,000 entries. */
export function deviceList<Entry extends z.ZodType>(entry: Entry) {
  return z
    .array(entry)
    .min(1, 'devices must name at least one device.')
    .max(MAX_DEVICES, 'devices may name at most 10,000 devices; split the rest over further mutations.');
}
