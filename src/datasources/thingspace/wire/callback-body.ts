import { hash } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { isFields, readCount, type Fields } from './carrier-values.ts';
import { formOf, unwrap, type CallbackForm } from './callback-form.ts';

/** A message as it is stored: without the registration's username and password, its resend count beside it. */
export interface CallbackBody {
  /** The message as parsed, less `username`, `password` and `callbackCount`. */
  readonly message: Fields;
  readonly form: CallbackForm;
  /** `message` by JSON.stringify: what is stored. */
  readonly json: string;
  /** SHA-256 over `json`, its first 16 bytes: equal for a resend, which differs only in `callbackCount`. */
  readonly digest: Uint8Array;
  readonly callbackCount: number | null;
  /** What the message said of the registration; undefined where it said nothing. */
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
 * No DTD and no entities but the five XML has of itself (`&amp;` …), no attributes, no guessing of numbers: identifiers have
 * leading zeros and 20 digits.
 */
const xml = new XMLParser({ processEntities: true, ignoreAttributes: true, parseTagValue: false, removeNSPrefix: true });

/** A password that is shorter may be a word of the message. */
const MASKED_FROM_LENGTH = 8;

/**
 * Reads the bytes of one POST: JSON, or an XML `CallbackRequest` from a listener that was registered over SOAP.
 *
 * @param passwords of our registrations: masked wherever else the message repeats one.
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
    // A long identifier written as a number would lose its last digits: those are read as their source text.
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
    // A listener that was registered over SOAP may get its message in an envelope.
    const value = parsed.Envelope?.Body ?? parsed;
    return isFields(value) ? { value } : { unreadable: 'NOT_A_CALLBACK_REQUEST' };
  } catch {
    return { unreadable: 'NOT_A_CALLBACK_REQUEST' };
  }
}

function toBody(raw: Fields, form: CallbackForm, passwords: readonly string[]): CallbackBody | Unreadable {
  const fields = { ...unwrap(raw, form) };
  // By any casing: a password must not get into the store because the carrier spelt its name another way.
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
    const repeated = passwords.filter((each) => each.length >= MASKED_FROM_LENGTH && json.includes(JSON.stringify(each).slice(1, -1)));
    if (repeated.length > 0) {
      message = JSON.parse(json, (_key, value: unknown) => (typeof value === 'string' ? mask(value, repeated) : value)) as typeof message;
      json = JSON.stringify(message);
    }
  } catch {
    // JSON.parse takes any depth, JSON.stringify does not.
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
