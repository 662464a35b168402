import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { isJson } from './json.ts';

/** What the carrier answers: a value to write as JSON, or bytes as they are. `cut` closes the connection without an answer. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Spelling = (answer: Answer) => Answer;

export const bytesOf = (answer: Answer): Uint8Array =>
  answer.bytes ?? (answer.body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(answer.body)));

const compressed =
  (encoding: string, compress: (bytes: Uint8Array) => Uint8Array): Spelling =>
  (answer) => ({ ...answer, bytes: compress(bytesOf(answer)), headers: { ...answer.headers, 'content-encoding': encoding } });

const reworded =
  (change: (text: string) => string | Uint8Array): Spelling =>
  (answer) => ({ ...answer, bytes: Buffer.from(change(Buffer.from(bytesOf(answer)).toString())) });

export const withByteOrderMark = reworded((text) => `\uFEFF${text}`);
export const withBlanksAround = reworded((text) => `\r\n  ${text}\r\n`);
export const gzipped = compressed('gzip', gzipSync);
export const deflated = compressed('deflate', deflateSync);
export const brotlied = compressed('br', brotliCompressSync);
export const inUtf16: Spelling = (answer) => ({
  ...answer,
  bytes: Buffer.from(`\uFEFF${Buffer.from(bytesOf(answer)).toString()}`, 'utf16le'),
  headers: { ...answer.headers, 'content-type': 'application/json; charset=utf-16' },
});
export const asListOfOne: Spelling = (answer) => ({ ...answer, body: [answer.body] });
export const ofType =
  (type: string): Spelling =>
  (answer) => ({ ...answer, headers: { ...answer.headers, 'content-type': type } });

/** The top members under other names: `requestId` as `RequestId`. */
export const named =
  (rename: (name: string) => string): Spelling =>
  (answer) => ({ ...answer, body: eachObject(answer.body, (entries) => entries.map(([name, value]) => [rename(name), value])) });

/** Every text of the top members under another spelling: blanks around an id, capitals, braces. */
export const valued =
  (change: (value: string) => string): Spelling =>
  (answer) => ({
    ...answer,
    body: eachObject(answer.body, (entries) => entries.map(([name, value]) => [name, typeof value === 'string' ? change(value) : value])),
  });

export const inPascalCase = named((name) => name.charAt(0).toUpperCase() + name.slice(1));

function eachObject(value: unknown, change: (entries: [string, unknown][]) => [string, unknown][]): unknown {
  if (Array.isArray(value)) return value.map((each) => eachObject(each, change));
  return isJson(value) ? Object.fromEntries(change(Object.entries(value))) : value;
}
