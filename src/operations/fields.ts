import * as z from 'zod';
import type { InputFaultCode } from './input-fault.ts';
import { DEVICE_IDENTIFIER_KINDS, type DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';
import { cleanIdentifier, formOfKind, readIdentifier } from '../datasources/thingspace/wire/same-identifier.ts';

/**
 * Fields that several operations take. Each is one zod type. It has the rule of the carrier's pages, the sentence for a caller who
 * breaks the rule, and the text of the GraphQL field (`.describe()`, always last).
 */

/** The GraphQL types that objects of an input become. Two objects with the same name have the same fields. */
export const INPUT_TYPES = z.registry<{ readonly name: string; readonly description: string; readonly isOneOf?: true }>();

/**
 * The carrier refuses `'`, `<` and `\` in any field (INPUT_INVALID.Request.InvalidCharacter). Control characters never make sense.
 * U+FFFD replaces bytes of a client that are not UTF-8.
 */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /['<\\\u0000-\u001f\u007f\ud800-\udfff\ufffd]/u;

/** Characters that nobody sees and that change nothing: soft hyphen, zero-width space, directions of writing, byte order mark. */
const INVISIBLE = /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** The one spelling of a text: a letter and its accent are one character (NFC), every blank is a space. It is checked, stored and sent. */
export function cleanText(value: string): string {
  return value
    .replaceAll(INVISIBLE, '')
    .replaceAll(/\p{Zs}/gu, ' ')
    .normalize();
}

/** Makes a sentence about a field that breaks a rule: the name of the field, then `rest`. */
export function about(rest: string) {
  return { error: ({ path }: { readonly path?: readonly PropertyKey[] | undefined }) => `${String(path?.at(-1) ?? 'input')} ${rest}` };
}

/** The same for a rule that has a code of its own. */
export function breaks(code: InputFaultCode, rest: string) {
  return { ...about(rest), params: { code } };
}

/** Text that goes to the carrier: at most `max` characters, none of them forbidden, and no space around it. */
export const possiblyEmpty = (max: number) =>
  z
    .string()
    .overwrite(cleanText)
    .max(max, about(`must have at most ${max} characters.`))
    .refine(
      (value) => !FORBIDDEN.test(value),
      breaks(
        'INVALID_CHARACTER',
        "must be UTF-8 without control characters (tabs and line breaks too) and without ' < and \\: the carrier refuses them.",
      ),
    )
    .refine((value) => value.trim() === value, breaks('PADDED', 'must not begin or end with a space.'));

/** The same with 1 character at least. */
export const text = (max: number) => possiblyEmpty(max).min(1, about('must not be empty: leave the field out instead.'));

/** Letters, digits, space, dash, exclamation point and pound sign. A letter has its accents, also those that NFC leaves apart. */
export const plainText = (max: number) =>
  text(max)
    .refine((value) => !/\p{Cf}/u.test(value), breaks('INVISIBLE_CHARACTER', 'has an invisible character. Delete the text and type it.'))
    .regex(/^(?:\p{L}\p{M}*|[\p{N} \-!#]|\p{Cf})*$/u, about('may hold letters, digits, space, - ! and # only.'));

/** A field that may be left out. In GraphQL null means the same as a missing field. After parsing both are undefined. */
export function optional<Type extends z.ZodType>(type: Type) {
  return type.nullish().transform((value) => value ?? undefined);
}

/** The same with a value for a missing field. It is stored and sent like a given one. */
export function withDefault<Type extends z.ZodType>(type: Type, value: z.output<Type>) {
  return type.nullish().transform((given) => given ?? value);
}

export const zipCode = z.string().regex(/^\d{5}$/, about('must be a 5-digit ZIP code, for example "98801".'));

export const servicePlan = text(100);

export const carrierName = text(100);

export const skuNumber = text(20);

/** The codes are the carrier's, and only one of them is public. */
export const reasonCode = withDefault(text(100), 'FF').describe(
  'Why the line ends: a code of the carrier, at most 100 characters. Default: `FF` (general administration or maintenance). The carrier names no other at present.',
);

/** The carrier's default is `true` for some products and `false` for others. So it is always sent. */
export const etfWaiver = withDefault(z.boolean(), false).describe(
  '`true`: use waivers of the contract, one for each line, so that the carrier bills no early termination fee. `false`: the fee is billed if the contract has one. Default: `false`.',
);

export const accountName = text(64).describe(
  'The billing account, usually 10 digits, a dash and 5 digits: `0868924207-00001`. Leading zeros must be included. The carrier itself asks for it only where a user has several billing accounts; here it is always required, so that a further account breaks nothing.',
);

/** A name or key of the caller. It is never sent to the carrier, so the carrier's rules do not apply. */
const ownText = (text: z.ZodString) =>
  optional(
    text
      .min(1, about('must have 1 to 255 characters.'))
      .max(255, about('must have 1 to 255 characters.'))
      // oxlint-disable-next-line no-control-regex
      .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, about('must not contain control characters.')),
  );

/** Clients and proxies give an answer up after a minute or sooner. */
const MAX_WAIT_MS = 60_000;
const WAIT = about('must be between 0 and 60,000 milliseconds.');

/** Fields of every mutation that creates a Request. */
export const REQUEST_OPTIONS = z.object({
  clientReference: ownText(z.string().normalize()).describe(
    'Your own name for the request, 1–255 characters. `requests(filter: {clientReference})` finds it.',
  ),
  // A key is compared as it is: an older version may have stored it.
  idempotencyKey: ownText(z.string()).describe(
    'Makes it safe to repeat the mutation: the same key with the same input returns the same request, and the carrier gets it once. Two inputs are the same when they ask the carrier for the same: the spelling of texts and identifiers does not count, nor the order of the identifiers of a device and of custom fields. The order of devices counts, because `DeviceOutcome.index` is the place in it. 1–255 characters. A key belongs to you and the account. Use a new UUID for each action of a user.',
  ),
  validateOnly: optional(z.boolean()).describe(
    '`true`: check the input and send nothing. The result is InputAccepted, or an error such as InvalidInput. Default: `false`.',
  ),
  waitMs: optional(z.int().min(0, WAIT).max(MAX_WAIT_MS, WAIT)).describe(
    'How long the mutation waits for the carrier’s answer, in milliseconds: 0 to 60,000. With 0 it returns as soon as the request is stored. A refusal by the carrier then shows in the request and not in the result. It does not count as a part of the input for `idempotencyKey`. Default: as the gateway is configured, usually 10,000.',
  ),
});

export type RequestOptions = z.output<typeof REQUEST_OPTIONS>;

/** One identifier of a device, of one of `kinds`. */
export function identifier(kinds: readonly DeviceIdentifierKind[]) {
  return z
    .object({
      kind: z.enum(DEVICE_IDENTIFIER_KINDS).describe('The kind of the identifier. Each operation says which kinds it takes.'),
      value: z
        .string()
        .describe(
          'The identifier itself. ICCID 18–20 digits, EID 32, IMEI 14–16, MDN 10, MSISDN 11, ESN 11; MEID 14 hexadecimal digits. An ESN of 8 hexadecimal and a MEID of 18 decimal digits are taken, too. Blanks, dashes, dots, slashes, parentheses, the +1 of a phone number and a trailing F of an ICCID do not count. It is stored and sent without them.',
        ),
    })
    .superRefine(({ kind, value }, context) => {
      const report = (field: string, code: InputFaultCode, message: string) =>
        context.addIssue({ code: 'custom', path: [field], params: { code }, message });
      if (!kinds.includes(kind)) report('kind', 'IDENTIFIER_KIND', `This operation takes ${kinds.join(', ')}. ${kind} is not one of them.`);
      else if (readIdentifier(kind, value) === null)
        report('value', 'IDENTIFIER_FORM', `The value of kind ${kind} must have ${formOfKind(kind)} and nothing else.`);
    })
    .register(INPUT_TYPES, { name: 'DeviceIdentifierInput', description: 'Kind and value of one identifier of a device.' })
    .transform(({ kind, value }) => ({ kind, id: cleanIdentifier(kind, value) }));
}

/** The identifiers of one device. `description` says which ones the operation takes. */
export function identifiers(kinds: readonly DeviceIdentifierKind[], description: string) {
  return z.array(identifier(kinds)).min(1, 'Each device needs at least one identifier.').describe(description);
}
