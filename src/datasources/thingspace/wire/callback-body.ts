import { hash } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { isFields, readCount, type Fields } from './carrier-values.ts';
import { formOf, unwrap, type CallbackForm } from './callback-form.ts';

/** A message as it is stored: without the registration's username and password, and with its resend count apart. */
export interface CallbackBody {
  /** The parsed message without `username`, `password` and `callbackCount`. */
  readonly message: Fields;
  readonly form: CallbackForm;
  /** `message` as text by JSON.stringify. This text is stored. */
  readonly json: string;
  /** The first 16 bytes of SHA-256 over `json`. Equal for a resend, which differs only in `callbackCount`. */
  readonly digest: Uint8Array;
  readonly callbackCount: number | null;
  /** The registration's credentials in the message. Undefined when it has none. */
  readonly credentials: { readonly username: unknown; readonly password: unknown };
}

export type UnreadableReason =
  | 'EMPTY'
  | 'NOT_UTF8'
  | 'NOT_JSON'
  | 'NOT_AN_OBJECT'
  | 'NOT_A_CALLBACK_REQUEST'
  | 'XML_DTD'
  | 'XML_ENTITY'
  | 'TOO_DEEP';

interface Unreadable {
  readonly unreadable: UnreadableReason;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * It takes no DTD, no attributes, and no entities but the five of XML itself (`&amp;` …). It does not read numbers, because
 * identifiers have leading zeros and 20 digits.
 */
const xml = new XMLParser({ processEntities: true, ignoreAttributes: true, parseTagValue: false, removeNSPrefix: true });

/** A shorter password may be an ordinary word of the message. */
const MIN_MASKED_LENGTH = 8;

/**
 * Reads the bytes of one POST: JSON, or an XML `CallbackRequest` from a listener that was registered over SOAP.
 *
 * @param passwords of our registrations. They are masked wherever else the message repeats one.
 */
export function readCallbackBody(bytes: Uint8Array, passwords: readonly string[] = []): CallbackBody | Unreadable {
  if (bytes.length === 0) return { unreadable: 'EMPTY' };
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { unreadable: 'NOT_UTF8' };
  }
  const isXml = text.trimStart().startsWith('<');
  const parsed = isXml ? parseXml(text) : parseJson(text);
  if ('unreadable' in parsed) return parsed;
  const form = formOf(parsed.value);
  if (isXml && form === 'REST') return { unreadable: 'NOT_A_CALLBACK_REQUEST' };
  return toBody(parsed.value, form, passwords);
}

function parseJson(text: string): { readonly value: Fields } | Unreadable {
  let value: unknown;
  try {
    // A long identifier that is written as a number would lose its last digits, so it is read as its source text.
    value = /:\s*\d{16}/.test(text) ? JSON.parse(text, longIntegersAsText) : JSON.parse(text);
  } catch {
    return { unreadable: 'NOT_JSON' };
  }
  return isFields(value) ? { value } : { unreadable: 'NOT_AN_OBJECT' };
}

function longIntegersAsText(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && context?.source ? context.source : value;
}

function parseXml(text: string): { readonly value: Fields } | Unreadable {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) return { unreadable: 'XML_DTD' };
  if (/&(?!(?:amp|lt|gt|quot|apos);)/.test(text)) return { unreadable: 'XML_ENTITY' };
  try {
    const parsed = xml.parse(text, true) as { readonly Envelope?: { readonly Body?: unknown } };
    // A listener that was registered over SOAP may get its message in a SOAP envelope.
    const value = parsed.Envelope?.Body ?? parsed;
    return isFields(value) ? { value } : { unreadable: 'NOT_A_CALLBACK_REQUEST' };
  } catch {
    return { unreadable: 'NOT_A_CALLBACK_REQUEST' };
  }
}

function toBody(raw: Fields, form: CallbackForm, passwords: readonly string[]): CallbackBody | Unreadable {
  const fields = { ...unwrap(raw, form) };
  // Names count in any casing. Otherwise a password would get into the store when the carrier spells its name another way.
  const taken = { username: undefined as unknown, password: undefined as unknown, callbackcount: undefined as unknown };
  for (const name of Object.keys(fields)) {
    const known = name.toLowerCase();
    if (known !== 'username' && known !== 'password' && known !== 'callbackcount') continue;
    taken[known] ??= fields[name];
    delete fields[name];
  }
  let message: Fields = form === 'WRAPPED' ? { CallbackRequest: fields } : fields;
  let json: string;
  try {
    json = JSON.stringify(message);
    const repeated = passwords.filter((each) => each.length >= MIN_MASKED_LENGTH && json.includes(JSON.stringify(each).slice(1, -1)));
    if (repeated.length > 0) {
      message = JSON.parse(json, (_key, value: unknown) => (typeof value === 'string' ? mask(value, repeated) : value)) as typeof message;
      json = JSON.stringify(message);
    }
  } catch {
    // JSON.parse accepts any depth, JSON.stringify does not.
    return { unreadable: 'TOO_DEEP' };
  }
  return {
    message,
    form,
    json,
    digest: hash('sha256', json, 'buffer').subarray(0, 16),
    callbackCount: readCount(taken.callbackcount),
    credentials: { username: taken.username, password: taken.password },
  };
}

function mask(text: string, passwords: readonly string[]): string {
  return passwords.reduce((rest, each) => rest.replaceAll(each, '*'.repeat(each.length)), text);
}
