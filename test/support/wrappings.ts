import { isUtf8 } from 'node:buffer';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';

/** A message as a sender may put it on the wire, with its headers. */
export interface Wrapped {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
}

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
// XML has no reference to NUL.
const asReferences = (text: string) =>
  Array.from(text.replaceAll('\0', ''), (letter) => `&#x${letter.codePointAt(0)?.toString(16)};`).join('');

/** Nobody sends a form in a form. */
const isForm = (text: string) => !/^\s*[[{"<]/.test(text);

/** What may stand around a text, and leaves only one meaning. Each makes a text that begins with ASCII. */
const AROUND: Readonly<Record<string, (text: string) => string>> = {
  'a list of one': (text) => (/^[[{"]/.test(text) && !text.endsWith('\0') ? `[ ${text} ]` : JSON.stringify([text])),
  'a JSON text': (text) => JSON.stringify(text),
  'a form': (text) => (isForm(text) ? text : `payload=${encodeURIComponent(text)}&kind=1`),
  'a form without names': (text) => (isForm(text) ? text : encodeURIComponent(text)),
  'an XML element': (text) => `<?xml version="1.0"?><s:string xmlns:s="urn:s">${escapeXml(text)}</s:string>`,
  'an XML element of references': (text) => `<string>${asReferences(text)}</string>`,
  'a CDATA section': (text) => `<string><![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]></string>`,
  'white space': (text) => `\r\n\t ${text} \n`,
  'NULs behind it': (text) => `${text}\r\n\0\0`,
};

/** How a text becomes bytes. Undefined for a text that the charset does not have, or whose bytes would be UTF-8 too. */
const CHARSETS: Readonly<Record<string, (text: string) => Uint8Array | undefined>> = {
  'utf-8': (text) => Buffer.from(text),
  'utf-8 with a byte order mark': (text) => Buffer.from(`\ufeff${text}`),
  'utf-8 with two': (text) => Buffer.from(`\ufeff\ufeff${text}`),
  'utf-16le': (text) => Buffer.from(text, 'utf16le'),
  'utf-16le with a byte order mark': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'utf-16be': (text) => Buffer.from(text, 'utf16le').swap16(),
  'utf-16be with a byte order mark': (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  'latin-1': (text) => {
    const bytes = Buffer.from(text, 'latin1');
    return /^[\0-\x7e\xa0-\xff]*$/.test(text) && !isUtf8(bytes) ? bytes : undefined;
  },
};

const LATIN = ['latin1', 'ISO-8859-1', 'iso8859-1', 'Windows-1252', 'cp1252'] as const;
const TYPES = [null, '', 'application/json', 'text/xml', 'text/plain; charset=utf8', 'a/b/c', 'application/json; charset=none'] as const;

const CODINGS: Readonly<Record<string, { readonly name: string; readonly mayBeSilent: boolean; encode(bytes: Uint8Array): Uint8Array }>> = {
  gzip: { name: 'gzip', mayBeSilent: true, encode: (bytes) => gzipSync(bytes) },
  'x-gzip': { name: 'X-GZip', mayBeSilent: true, encode: (bytes) => gzipSync(bytes) },
  zstd: { name: 'zstd', mayBeSilent: true, encode: (bytes) => zstdCompressSync(bytes) },
  deflate: { name: 'deflate', mayBeSilent: false, encode: (bytes) => deflateSync(bytes) },
  'raw deflate': { name: 'deflate', mayBeSilent: false, encode: (bytes) => deflateRawSync(bytes) },
  br: { name: 'br', mayBeSilent: false, encode: (bytes) => brotliCompressSync(bytes) },
};

/** A random wrapping, as a function of the message's text. It prints as its parts. */
export const wrapping = fc
  .record({
    around: fc.array(fc.constantFrom(...Object.keys(AROUND)), { maxLength: 3 }),
    charset: fc.constantFrom(...Object.keys(CHARSETS)),
    label: fc.constantFrom(...LATIN),
    /** Where Latin-1 is declared. */
    declaredIn: fc.constantFrom('Content-Type', 'Content-Encoding'),
    type: fc.constantFrom(...TYPES),
    codings: fc.array(fc.record({ coding: fc.constantFrom(...Object.keys(CODINGS)), isSilent: fc.boolean() }), { maxLength: 3 }),
    /** Words in Content-Encoding that are no coding of this message. */
    words: fc.array(fc.constantFrom('identity', 'UTF-8', 'binary', 'x-unknown', ''), { maxLength: 2 }),
    claimsGzip: fc.boolean(),
  })
  .map((parts) => ({ ...parts, wrap: (text: string) => wrap(text, parts) }));

interface Parts {
  readonly around: readonly string[];
  readonly charset: string;
  readonly label: string;
  readonly declaredIn: string;
  readonly type: string | null;
  readonly codings: readonly { readonly coding: string; readonly isSilent: boolean }[];
  readonly words: readonly string[];
  readonly claimsGzip: boolean;
}

function wrap(message: string, { around, charset, label, declaredIn, type, codings, words, claimsGzip }: Parts): Wrapped {
  const text = around.reduce((inner, name) => AROUND[name]?.(inner) ?? inner, message);
  const encoded = CHARSETS[charset]?.(text);
  const declares = charset === 'latin-1' && encoded !== undefined;
  let bytes = encoded ?? Buffer.from(text);
  const names = [...words, ...(declares && declaredIn === 'Content-Encoding' ? [label] : [])];
  for (const { coding, isSilent } of codings) {
    const by = CODINGS[coding];
    if (!by) continue;
    bytes = by.encode(bytes);
    if (!(isSilent && by.mayBeSilent)) names.push(by.name);
  }
  if (claimsGzip) names.push('gzip');
  return {
    bytes,
    contentType: declares && declaredIn === 'Content-Type' ? `application/json; charset="${label}"` : type,
    contentEncoding: names.length > 0 ? names.join(', ') : null,
  };
}
