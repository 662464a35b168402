import * as z from 'zod';
import { onlyEntry } from './foreign-bytes.ts';

/** The fields of a JSON object. */
export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads an object by the names of `shape`, in whatever letter case and with or without `_` the carrier writes them: `requestId`,
 * `RequestId`, `access_token`, `AccessToken`. A list of one object is that object. A name as we write it goes before other spellings.
 */
export function fieldsOf<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = new Map(Object.keys(shape).map((name) => [plainName(name), name]));
  return z.preprocess((value) => respell(onlyEntry(value), names), z.object(shape));
}

function respell(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (!isFields(value)) return value;
  const fields: Fields = {};
  let missing = 0;
  for (const name of names.values()) {
    if (Object.hasOwn(value, name)) fields[name] = value[name];
    else missing += 1;
  }
  // A page of the device list has 13,500 attributes, all in the usual spelling.
  if (missing === 0) return fields;
  for (const spelt of Object.keys(value)) {
    const name = names.get(plainName(spelt));
    if (name !== undefined && !Object.hasOwn(fields, name)) fields[name] = value[spelt];
  }
  return fields;
}

/** A name without letter case, blanks and `_`. */
export function plainName(name: string): string {
  const known = plainNames.get(name);
  if (known !== undefined) return known;
  const plain = name.replaceAll(/[\s_]/g, '').toLowerCase();
  // The carrier has a few hundred names. A stranger's are made anew each time.
  if (plainNames.size < 1_000 && name.length <= 64) plainNames.set(name, plain);
  return plain;
}

const plainNames = new Map<string, string>();

/** Text, or a number read as text, without blanks around it. Null for anything else and for empty text. */
export const lenientText = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(null)
  .transform((value) => value?.trim() || null);

/** The objects of a list. An object alone is a list of one. Anything that is no object is left out. */
export const lenientObjects = z
  .unknown()
  .optional()
  .transform((value): Fields[] => (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isFields));

/** A list, or one object as a list of one. Null when there is none; any other value is refused. An object with nothing in it is no entry. */
export const listOrOne = z.preprocess(
  (value) => (isFields(value) && Object.keys(value).length > 0 ? [value] : value),
  z
    .array(z.unknown())
    .nullish()
    .transform((list) => list ?? null),
);

/** `hasMoreData`, also as text. Null when it is missing or says neither. */
export const lenientBoolean = z
  .unknown()
  .optional()
  .transform((value) => {
    const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
    return word === true || word === 'true' ? true : word === false || word === 'false' ? false : null;
  });

/**
 * Reads a small count, written as a number or as digits. Null for anything else. A number that does not fit 31 bits is no count:
 * neither a GraphQL Int nor an integer column would hold it.
 */
export function readCount(value: unknown): number | null {
  const count = typeof value === 'number' ? value : typeof value === 'string' && /^\s*\d{1,10}\s*$/.test(value) ? Number(value) : NaN;
  return Number.isInteger(count) && count >= 0 && count <= 0x7f_ff_ff_ff ? count : null;
}

const ISO_WITH_OFFSET = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:(Z)|([+-]\d\d):?(\d\d))$/i;

/**
 * Reads a date into milliseconds: ISO 8601 to the second, with an offset (`2026-03-01T09:30:00-05:00`) or `Z`. The pages' samples
 * have both. Null for anything else. A date without an offset does not tell the hour, and a wrong hour could prove an operation
 * that was not done. Dates before 1970 are placeholders for "never" (`0001-01-01T00:00:00Z`).
 */
export function parseCarrierDate(value: unknown): number | null {
  const [, dateTime, utc, hours, minutes] = (typeof value === 'string' && ISO_WITH_OFFSET.exec(value.trim())) || [];
  if (dateTime === undefined) return null;
  const ms = Date.parse(`${dateTime}${utc === undefined ? `${hours}:${minutes}` : 'Z'}`);
  return ms > 0 ? ms : null;
}

/** Writes a date as a history request takes it: to the second, in UTC. */
export function writeCarrierDate(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/**
 * Reads a number that may exceed 2^53, written as a number or as digits, into its digits. Null for anything else, and for a number
 * whose last digits are lost already.
 */
export function readDigits(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : null;
  return typeof value === 'string' && /^\s*\d{1,40}\s*$/.test(value) ? value.trim() : null;
}

/** An answer as JSON in which each whole number beyond 2^53 is the text of its digits. Undefined when it is not JSON. */
export function parseWithDigits(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
      const { source } = context ?? {};
      return typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^\d+$/.test(source) ? source : value;
    }) as unknown;
  } catch {
    return undefined;
  }
}
