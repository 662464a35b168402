import { hash } from 'node:crypto';
import { isFields, readCount, type Fields } from './carrier-values.ts';
import { formOf, unwrap, type CallbackForm } from './callback-form.ts';
import { decodeText, onlyEntry, readForeignJson, trimText, type ForeignHeaders } from './foreign-bytes.ts';
import { readXml } from './read-xml.ts';

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
  | 'ENCODED'
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

/** A shorter password may be an ordinary word of the message. */
const MIN_MASKED_LENGTH = 8;

/** How many texts may stand in each other. */
const MAX_TEXTS = 8;

/**
 * Reads the unpacked bytes of one message: JSON, or an XML `CallbackRequest` from a listener that was registered over SOAP. The message
 * may stand alone in a list, in a JSON text, in an XML element or in a field of a form, because all of these can be meant one way only.
 *
 * @param passwords of our registrations. They are masked wherever else the message repeats one.
 */
export function readCallbackBody(
  bytes: Uint8Array,
  passwords: readonly string[] = [],
  headers: ForeignHeaders = { contentType: null, contentEncoding: null },
): CallbackBody | Unreadable {
  const text = decodeText({ ...headers, bytes });
  if (text === null) return { unreadable: headers.contentEncoding === null ? 'NOT_UTF8' : 'ENCODED' };
  if (text === '') return { unreadable: 'EMPTY' };
  const read = readMessage(text, MAX_TEXTS);
  if ('unreadable' in read) return read;
  const form = formOf(read.message);
  if (read.isXml && form === 'REST') return { unreadable: 'NOT_A_CALLBACK_REQUEST' };
  return toBody(read.message, form, passwords);
}

function readMessage(text: string, texts: number): { readonly message: Fields; readonly isXml: boolean } | Unreadable {
  const isXml = text.startsWith('<');
  const read = isXml ? readXml(text) : readJson(text);
  if ('unreadable' in read) return read;
  const value = onlyEntry(read.value);
  if (isFields(value)) return { message: value, isXml };
  const inner = typeof value === 'string' && texts > 1 ? readMessage(trimText(value), texts - 1) : null;
  return inner && 'message' in inner ? inner : { unreadable: isXml ? 'NOT_A_CALLBACK_REQUEST' : 'NOT_AN_OBJECT' };
}

function readJson(text: string): { readonly value: unknown } | Unreadable {
  const json = readForeignJson(text);
  const value = json === undefined ? readForm(text) : json;
  return value === undefined ? { unreadable: 'NOT_JSON' } : { value };
}

/** The one JSON or XML text of a form; undefined for a text that is no form, and for a form with none or several of them. */
function readForm(text: string): string | undefined {
  if (!/^[\w.~*!'()%+&=-]+$/.test(text) || text.split('&', MAX_FORM_FIELDS + 1).length > MAX_FORM_FIELDS) return undefined;
  const texts = [...new URLSearchParams(text)].flat().filter((each) => /^\s*[[{"<]/.test(each));
  return texts.length === 1 ? texts[0] : undefined;
}

const MAX_FORM_FIELDS = 100;

function toBody(raw: Fields, form: CallbackForm, passwords: readonly string[]): CallbackBody | Unreadable {
  // Names count in any casing. Otherwise a password would get into the store when the carrier spells its name another way.
  const taken = { username: undefined as unknown, password: undefined as unknown, callbackcount: undefined as unknown };
  const kept: [name: string, value: unknown][] = [];
  for (const [name, value] of Object.entries(unwrap(raw, form))) {
    const known = name.toLowerCase();
    if (known === 'username' || known === 'password' || known === 'callbackcount') taken[known] ??= value;
    else kept.push([name, value]);
  }
  // To delete the others from a copy would make each later use of it slow.
  const fields: Fields = Object.fromEntries(kept);
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
