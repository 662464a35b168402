import { promisify } from 'node:util';
import { brotliDecompress, constants, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';

/** What headers say of a body. Those of strangers are hints: the bytes themselves decide. */
export interface ForeignHeaders {
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
}

/** What a stranger sent. */
export interface ForeignBytes extends ForeignHeaders {
  readonly bytes: Uint8Array;
}

/** A message may be compressed, and its text may be quoted, so many times. Nobody means more, and a loop may hide in it. */
const MAX_LAYERS = 8;

/**
 * Undoes the compressions of `foreign`: those that the header names, and those that the bytes show. A name that the bytes do not bear
 * out is passed over, because some senders write a charset there, or compress nothing.
 *
 * The work is done outside the event loop. No step makes more than `maxBytes`.
 *
 * @returns the bytes, with the names that were not undone; null when they would become longer than `maxBytes`.
 */
export async function unpack(foreign: ForeignBytes, maxBytes: number): Promise<ForeignBytes | null> {
  // The coding that was put on last is the last one named, and comes off first.
  let names = listNames(foreign.contentEncoding);
  let unpacked = foreign;
  for (let tries = 0, end = names.length; tries < MAX_LAYERS; tries++) {
    const shown = codingShownBy(unpacked.bytes);
    const at = names.findLastIndex((name, place) => place < end && codingOf(name) !== null);
    const named = codingOf(names[at] ?? '');
    const coding = shown ?? named;
    if (!coding || (!shown && isPlain(unpacked))) break;
    if (coding === named) end = at;
    const bytes = await undo(coding, unpacked.bytes, maxBytes);
    if (bytes === 'TOO_LARGE') return null;
    if (bytes === null) {
      if (shown) break;
      continue;
    }
    if (coding === named) names = names.filter((_name, place) => place !== at);
    unpacked = { ...foreign, bytes, contentEncoding: names.join(', ') || null };
  }
  return unpacked;
}

/**
 * Reads bytes as text, without byte order marks, NULs and white space at its ends.
 *
 * A byte order mark decides, or the NULs that every ASCII letter has in UTF-16. What is good UTF-8 is UTF-8, whatever was declared:
 * no other charset looks like it by chance. Else the charset counts that Content-Type, the XML declaration or Content-Encoding
 * names, by any label of the WHATWG's Encoding Standard.
 *
 * @returns null for bytes that are in none of these charsets.
 */
export function decodeText({ bytes, contentType, contentEncoding }: ForeignBytes): string | null {
  const utf16 = utf16Of(bytes);
  // A NUL behind a text of two bytes a letter is half a letter.
  if (utf16) return decode(bytes.length % 2 === 1 && bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes, utf16);
  // ISO-2022-JP is made of ASCII characters, so it looks like UTF-8 too.
  const text = bytes.includes(ESCAPE) ? null : decode(bytes, 'utf-8');
  if (text !== null) return text;
  const declared = [charsetOf(contentType), charsetOfXml(bytes), ...listNames(contentEncoding).slice(0, MAX_LAYERS)];
  for (const label of [...declared, 'utf-8']) {
    const found = label === null ? null : decode(bytes, label);
    if (found !== null) return found;
  }
  return null;
}

/**
 * Reads JSON, also when it stands in a JSON text (once or a few times). An integer with too many digits for a number is read as its
 * digits.
 *
 * @returns undefined for a text that is no JSON.
 */
export function readForeignJson(text: string): unknown {
  let value = parseOnce(text);
  for (let layer = 1; layer < MAX_LAYERS && typeof value === 'string'; layer++) {
    const inner = parseOnce(trimText(value));
    if (inner === undefined) break;
    value = inner;
  }
  return value;
}

/** The entry of a list of one, also when that is such a list again. Any other value is returned as it is. */
export function onlyEntry(value: unknown): unknown {
  let only = value;
  for (let layer = 0; layer < MAX_LAYERS && Array.isArray(only) && only.length === 1; layer++) only = only[0] as unknown;
  return only;
}

/** Removes byte order marks, NULs and white space at both ends. By hand: a regular expression would take quadratic time. */
export function trimText(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text, start)) start += 1;
  while (start < end && isBlank(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function isBlank(text: string, at: number): boolean {
  return text.charCodeAt(at) === 0 || text.charAt(at).trim() === '';
}

function listNames(contentEncoding: string | null): string[] {
  const names = (contentEncoding ?? '').split(',').map((name) => name.trim());
  return names.filter((name) => name !== '' && name.toLowerCase() !== 'identity');
}

type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['x-deflate', 'deflate'],
  ['br', 'br'],
  ['brotli', 'br'],
  ['zstd', 'zstd'],
]);

function codingOf(name: string): Coding | null {
  return CODINGS.get(name.toLowerCase()) ?? null;
}

/** No text begins like this. Deflate and Brotli have no such mark. */
function codingShownBy(bytes: Uint8Array): Coding | null {
  if (startsWith(bytes, [0x1f, 0x8b, 0x08])) return 'gzip';
  return startsWith(bytes, [0x28, 0xb5, 0x2f, 0xfd]) ? 'zstd' : null;
}

/** Each tries what the name stands for: by its own words deflate has a wrapper (zlib), and some senders leave it out. */
const DECOMPRESSORS: Readonly<Record<Coding, readonly ((bytes: Uint8Array, maxOutputLength: number) => Promise<Uint8Array>)[]>> = {
  gzip: [(bytes, maxOutputLength) => promisify(gunzip)(bytes, { maxOutputLength })],
  deflate: [
    (bytes, maxOutputLength) => promisify(inflate)(bytes, { maxOutputLength }),
    (bytes, maxOutputLength) => promisify(inflateRaw)(bytes, { maxOutputLength }),
  ],
  br: [(bytes, maxOutputLength) => promisify(brotliDecompress)(bytes, { maxOutputLength })],
  // A window of 8 MB is what RFC 8878 asks every reader for. A sender could ask for 128 MB.
  zstd: [
    (bytes, maxOutputLength) => promisify(zstdDecompress)(bytes, { maxOutputLength, params: { [constants.ZSTD_d_windowLogMax]: 23 } }),
  ],
};

async function undo(coding: Coding, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array | 'TOO_LARGE' | null> {
  for (const decompress of DECOMPRESSORS[coding])
    try {
      const undone = await decompress(bytes, maxBytes);
      // `{` is an empty stream of Brotli. The others show what they are.
      if (undone.length > 0 || coding === 'gzip' || coding === 'zstd') return undone;
    } catch (error) {
      if (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return 'TOO_LARGE';
    }
  return null;
}

/** Whether bytes are JSON or XML already. Compressed bytes do not begin like it by chance and go on without a control character. */
function isPlain(foreign: ForeignBytes): boolean {
  const text = decodeText(foreign);
  // oxlint-disable-next-line no-control-regex
  return text !== null && /^[[{"<]/.test(text) && !/[\x00-\x08\x0e-\x1f]/.test(text);
}

function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (startsWith(bytes, [0xff, 0xfe])) return 'utf-16le';
  if (startsWith(bytes, [0xfe, 0xff])) return 'utf-16be';
  const [first, second, third, fourth] = bytes;
  if (first && second === 0 && (fourth ?? 0) === 0 && third !== 0) return 'utf-16le';
  return first === 0 && second && (third ?? 0) === 0 && fourth !== 0 ? 'utf-16be' : null;
}

const ESCAPE = 0x1b;

function decode(bytes: Uint8Array, label: string): string | null {
  try {
    return trimText(new TextDecoder(label, { fatal: true }).decode(bytes));
  } catch {
    // Bytes that are not in this charset, or a label that names none.
    return null;
  }
}

function charsetOf(contentType: string | null): string | null {
  return /;\s*charset\s*=\s*["']?\s*([^\s"';,]+)/i.exec(contentType ?? '')?.[1] ?? null;
}

function charsetOfXml(bytes: Uint8Array): string | null {
  const start = String.fromCharCode(...bytes.subarray(0, 200));
  return /<\?xml\s[^>]*?encoding\s*=\s*["']([^"']+)["']/.exec(start)?.[1] ?? null;
}

function parseOnce(text: string): unknown {
  try {
    // A long identifier that is written as a number would lose its last digits, so it is read as its source text.
    return /[:[,]\s*\d{16}/.test(text) ? JSON.parse(text, longIntegersAsText) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function longIntegersAsText(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && context?.source ? context.source : value;
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}
