import { DEVICE_IDENTIFIER_KINDS, type DeviceIdentifier, type DeviceIdentifierKind } from './device-identifier.ts';

/*
 * When are two identifiers one? Everything that compares identifiers asks here: the matching of callbacks, the checks of an input,
 * idempotency, the index, searches, and the questions to the carrier.
 *
 * Two identifiers are one when their keys are equal. A key has the kind and the clean value, so it does not see how a person or the
 * carrier spelt it. For two kinds there is more to it:
 *
 * | kind | also one |
 * |---|---|
 * | ICCID | 19 digits, and 20 digits that begin with them: the last one is left out by many. Padding (a trailing F) is nothing. |
 * | IMEI | 14, 15 or 16 digits, of different lengths, with the same first 14: the 15th is a check digit, 16 are an IMEISV. |
 *
 * Two of one length are one only when all digits agree. No check digit is computed: those of the carrier's own examples are wrong.
 * An ICCID of 18 digits lacks two, so it names only itself. The relation is not transitive, because 19 digits fit ten ICCIDs of 20.
 * So there is a `stem` beside the key: what may be one has one stem, and `isSameKey` decides.
 */

/** What people and systems put between digits: blanks, invisible characters, dashes, dots, slashes, parentheses. */
const SEPARATORS = /[\s\p{Cf}\p{Pd}\u2212./()]/gu;
const PLAIN = /^[0-9A-Za-z]*$/;
/** Digits, letters and signs as East Asian keyboards write them. */
const FULL_WIDTH = /[\uff01-\uff5e]/g;

/** The one spelling of an identifier that is stored and sent. What does not have the form of its kind is only freed of separators. */
export function cleanIdentifier(kind: DeviceIdentifierKind, text: string): string {
  const plain = PLAIN.test(text) ? text : narrow(text).replaceAll(SEPARATORS, '');
  switch (kind) {
    case 'ICCID':
      return plain.replace(/^(\d+)[Ff]+$/, '$1');
    case 'MDN':
      return plain.replace(/^\+?1(?=\d{10}$)/, '');
    case 'MSISDN':
      return plain.replace(/^\+(?=1\d{10}$)/, '');
    case 'MEID':
      return /^\d{18}$/.test(plain) ? meidOfDecimal(plain) : plain.toUpperCase();
    case 'ESN':
      return /^[0-9A-Fa-f]{8}$/.test(plain) ? esnOfHex(plain) : plain;
    case 'EID':
      return plain.toUpperCase();
    default:
      return plain;
  }
}

function narrow(text: string): string {
  return text.replaceAll(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}

/** A MEID of 18 decimal digits writes its first 8 hexadecimal digits with 10 digits, and the other 6 with 8. */
function meidOfDecimal(digits: string): string {
  const [first, rest] = [Number(digits.slice(0, 10)), Number(digits.slice(10))];
  if (first > 0xffff_ffff || rest > 0xff_ffff) return digits;
  return `${hex(first, 8)}${hex(rest, 6)}`;
}

/** An ESN of 8 hexadecimal digits has its manufacturer in the first 2. With 11 decimal digits it has them in the first 3. */
function esnOfHex(digits: string): string {
  return `${decimal(digits.slice(0, 2), 3)}${decimal(digits.slice(2), 8)}`;
}

const hex = (value: number, length: number) => value.toString(16).toUpperCase().padStart(length, '0');
const decimal = (digits: string, length: number) => String(Number.parseInt(digits, 16)).padStart(length, '0');

/** The key of an identifier. An MSISDN (1 and the MDN) has the key of its MDN. A kind that we do not know is compared as it came. */
export function identifierKey(kind: DeviceIdentifierKind | null, id: string, reportedKind: string): string {
  if (kind === null) return `${reportedKind.toLowerCase()}:${id}`;
  const clean = cleanIdentifier(kind, id);
  return kind === 'MSISDN' ? `MDN:${clean.replace(/^1(?=\d{10}$)/, '')}` : `${kind}:${clean}`;
}

export function keyOf({ kind, id, reportedKind }: DeviceIdentifier): string {
  return identifierKey(kind, id, reportedKind);
}

const ICCID_STEM = 'ICCID:'.length + 19;
const IMEI_STEM = 'IMEI:'.length + 14;

/** The part of a key that all keys share which may be one with it: 11 of an ICCID, 111 of an IMEI, else one. */
export function stemOf(key: string): string {
  const { length } = key;
  if (length === ICCID_STEM + 1 && key.startsWith('ICCID:') && hasDigitsFrom(key, ICCID_STEM)) return key.slice(0, ICCID_STEM);
  if (length > IMEI_STEM && length <= IMEI_STEM + 2 && key.startsWith('IMEI:') && hasDigitsFrom(key, IMEI_STEM))
    return key.slice(0, IMEI_STEM);
  return key;
}

function hasDigitsFrom(key: string, at: number): boolean {
  const code = key.charCodeAt(at);
  return code >= 48 && code <= 57 && (at + 1 === key.length || hasDigitsFrom(key, at + 1));
}

/** Why two identifiers are one that are not spelt the same, as the end of a sentence. */
export const RESPELLING_RULES: Readonly<Partial<Record<DeviceIdentifierKind, string>>> = {
  ICCID: 'an ICCID of 19 digits is the one of 20 digits that begins with them',
  MDN: 'an MSISDN is 1 and the MDN',
  MSISDN: 'an MSISDN is 1 and the MDN',
  IMEI: 'IMEIs of 14, 15 and 16 digits are one when their first 14 are the same',
};

export function isSameKey(left: string, right: string): boolean {
  return left === right || (left.length !== right.length && stemOf(left) === stemOf(right));
}

/**
 * Whether a device with these keys may be the one that `key` names. A device that is known in the length of `key` is compared in that
 * length: known with 19 and 20 digits, it is not another one of 20 digits.
 */
export function fits(keys: readonly string[], key: string): boolean {
  if (keys.includes(key)) return true;
  const stem = stemOf(key);
  const spellings = keys.filter((known) => stemOf(known) === stem);
  return spellings.length > 0 && spellings.every(({ length }) => length !== key.length);
}

/** Joins lists of identifiers. Equal ones are listed once, in their first spelling. An MDN and its MSISDN are both listed. */
export function listEachOnce(...lists: readonly (readonly DeviceIdentifier[] | null | undefined)[]): DeviceIdentifier[] {
  const byKindAndKey = new Map<string, DeviceIdentifier>();
  for (const list of lists) {
    for (const identifier of list ?? []) {
      const key = `${identifier.kind} ${keyOf(identifier)}`;
      if (!byKindAndKey.has(key)) byKindAndKey.set(key, identifier);
    }
  }
  return [...byKindAndKey.values()];
}

/** Leaves out each identifier that is one with an earlier one of its kind, for example the IMEISV behind the IMEI. */
export function leaveOutRespellings(identifiers: readonly DeviceIdentifier[]): DeviceIdentifier[] {
  const keptByStem = new Map<string, string[]>();
  return identifiers.filter((identifier) => {
    const key = keyOf(identifier);
    const place = `${identifier.kind} ${stemOf(key)}`;
    const kept = keptByStem.get(place);
    if (kept?.some((each) => isSameKey(each, key))) return false;
    if (kept) kept.push(key);
    else keptByStem.set(place, [key]);
    return true;
  });
}

/** The form of each kind, clean. Lengths are from the activation page and the carrier's identifier list, that of the EID from the eSIM pages. */
const FORMS: Readonly<Record<DeviceIdentifierKind, { readonly form: RegExp; readonly hint: string }>> = {
  ICCID: { form: /^\d{18,20}$/, hint: '18 to 20 digits' },
  EID: { form: /^\d{32}$/, hint: '32 digits' },
  IMEI: { form: /^\d{14,16}$/, hint: '14 to 16 digits' },
  MDN: { form: /^\d{10}$/, hint: '10 digits' },
  MSISDN: { form: /^\d{11}$/, hint: '11 digits (1 and the MDN)' },
  MEID: { form: /^[0-9A-F]{14}$/, hint: '14 hexadecimal or 18 decimal digits' },
  ESN: { form: /^\d{11}$/, hint: '11 decimal or 8 hexadecimal digits' },
  IMSI: { form: /^\d{14,15}$/, hint: '14 or 15 digits' },
  MIN: { form: /^\d{10}$/, hint: '10 digits' },
};

/** The clean value; null when it does not have the form of its kind. */
export function readIdentifier(kind: DeviceIdentifierKind, text: string): string | null {
  const clean = cleanIdentifier(kind, text);
  return FORMS[kind].form.test(clean) ? clean : null;
}

/** The keys of all identifiers that a text may be, when nobody said its kind. */
export function keysOfText(text: string): string[] {
  const keys = DEVICE_IDENTIFIER_KINDS.flatMap((kind) => (readIdentifier(kind, text) === null ? [] : [identifierKey(kind, text, kind)]));
  return [...new Set(keys)];
}

/** What a value of this kind must have, as the end of a sentence. */
export function formOfKind(kind: DeviceIdentifierKind): string {
  return FORMS[kind].hint;
}
