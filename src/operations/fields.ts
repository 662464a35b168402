import * as z from 'zod';
import { DEVICE_IDENTIFIER_KINDS, type DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';

/**
 * Fields that several operations take. Each is one zod type. It has the rule of the carrier's pages, the sentence for a caller who
 * breaks the rule, and the text of the GraphQL field (`.describe()`, always last).
 */

/** The GraphQL types that objects of an input become. Two objects with the same name have the same fields. */
export const INPUT_TYPES = z.registry<{ readonly name: string; readonly description: string }>();

/**
 * The carrier refuses `'`, `<` and `\` in any field (INPUT_INVALID.Request.InvalidCharacter). Control characters never make sense.
 * U+FFFD replaces bytes of a client that are not UTF-8.
 */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /['<\\\u0000-\u001f\u007f\ud800-\udfff\ufffd]/u;

/** Makes a sentence about a field that breaks a rule: the name of the field, then `rest`. */
export function about(rest: string) {
  return { error: ({ path }: { readonly path?: readonly PropertyKey[] | undefined }) => `${String(path?.at(-1) ?? 'input')} ${rest}` };
}

/** The same for a rule that has a code of its own. */
export function breaks(code: string, rest: string) {
  return { ...about(rest), params: { code } };
}

/** Text that goes to the carrier: 1 to `max` characters, none of them forbidden, and no space around it. */
export const text = (max: number) =>
  z
    .string()
    .min(1, about('must not be empty: leave the field out instead.'))
    .max(max, about(`must have at most ${max} characters.`))
    .refine(
      (value) => !FORBIDDEN.test(value),
      breaks('INVALID_CHARACTER', "must be UTF-8 without control characters and without ' < and \\: the carrier refuses them."),
    )
    .refine((value) => value.trim() === value, breaks('PADDED', 'must not begin or end with a space.'));

/** Letters, digits, space, dash, exclamation point and pound sign. */
export const plainText = (max: number) =>
  text(max).regex(/^[\p{L}\p{N} \-!#]*$/u, about('may hold letters, digits, space, - ! and # only.'));

/** A field that may be left out. In GraphQL null means the same as a missing field. After parsing both are undefined. */
export function optional<Type extends z.ZodType>(type: Type) {
  return type.nullish().transform((value) => value ?? undefined);
}

export const zipCode = z.string().regex(/^\d{5}$/, about('must be a 5-digit ZIP code, for example "98801".'));

export const servicePlan = text(100);

export const accountName = text(64).describe(
  'The billing account, usually 10 digits, a dash and 5 digits: `0868924207-00001`. Leading zeros must be included. The carrier itself asks for it only where a user has several billing accounts; here it is always required, so that a further account breaks nothing.',
);

/** A name or key of the caller. It is never sent to the carrier, so the carrier's rules do not apply. */
const ownText = optional(
  z
    .string()
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
  clientReference: ownText.describe('Your own name for the request, 1–255 characters. `requests(filter: {clientReference})` finds it.'),
  idempotencyKey: ownText.describe(
    'Makes it safe to repeat the mutation: the same key with the same input returns the same request, and the carrier gets it once. 1–255 characters. A key belongs to you and the account. Use a new UUID for each action of a user.',
  ),
  validateOnly: optional(z.boolean()).describe(
    '`true`: check the input and send nothing. The result is InputAccepted, or an error such as InvalidInput. Default: `false`.',
  ),
  waitMs: optional(z.int().min(0, WAIT).max(MAX_WAIT_MS, WAIT)).describe(
    'How long the mutation waits for the carrier’s answer, in milliseconds: 0 to 60,000. With 0 it returns as soon as the request is stored. A refusal by the carrier then shows in the request and not in the result. It does not count as a part of the input for `idempotencyKey`. Default: as the gateway is configured, usually 10,000.',
  ),
});

export type RequestOptions = z.output<typeof REQUEST_OPTIONS>;

/** The form of each kind. Lengths are from the activation page and the carrier's identifier list, that of the EID from the eSIM pages. */
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

/** One identifier of a device, of one of `kinds`. */
export function identifier(kinds: readonly DeviceIdentifierKind[]) {
  return z
    .object({
      kind: z.enum(DEVICE_IDENTIFIER_KINDS).describe('The kind of the identifier. Each operation says which kinds it takes.'),
      value: z
        .string()
        .describe(
          'The identifier itself, without spaces or dashes. ICCID 18–20 digits, EID 32, IMEI 14–16, MDN 10, MSISDN 11, ESN 11; MEID 14 hexadecimal digits.',
        ),
    })
    .superRefine(({ kind, value }, context) => {
      const report = (field: string, code: string, message: string) =>
        context.addIssue({ code: 'custom', path: [field], params: { code }, message });
      const { form, hint } = IDENTIFIER_FORMS[kind];
      if (!kinds.includes(kind)) report('kind', 'IDENTIFIER_KIND', `This operation takes ${kinds.join(', ')}. ${kind} is not one of them.`);
      else if (!form.test(value)) report('value', 'IDENTIFIER_FORM', `The value of kind ${kind} must have ${hint} and nothing else.`);
    })
    .register(INPUT_TYPES, { name: 'DeviceIdentifierInput', description: 'Kind and value of one identifier of a device.' })
    .transform(({ kind, value }) => ({ kind, id: value }));
}

/** The identifiers of one device. `description` says which ones the operation takes. */
export function identifiers(kinds: readonly DeviceIdentifierKind[], description: string) {
  return z.array(identifier(kinds)).min(1, 'Each device needs at least one identifier.').describe(description);
}
