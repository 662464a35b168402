import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCallbackBody } from '../../src/datasources/thingspace/wire/callback-body.ts';
import { decodeText, readForeignJson, unpack } from '../../src/datasources/thingspace/wire/foreign-bytes.ts';
import { wrapping } from '../support/wrappings.ts';

const LIMIT = 1_048_576;

const messages = fc.record(
  {
    requestId: fc.uuid(),
    deviceIds: fc.array(fc.record({ kind: fc.constantFrom('iccid', 'mdn'), id: fc.stringMatching(/^\d{10,20}$/) }), { maxLength: 3 }),
    comment: fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.constantFrom('activé', 'Straße & <b>', ']]>')),
    status: fc.constantFrom('Success', 'Failed'),
    more: fc.jsonValue(),
  },
  { requiredKeys: ['requestId'] },
);

test('a message in any composition of wrappings is read exactly as the plain one', async () => {
  await fc.assert(
    fc.asyncProperty(messages, wrapping, async (message, { wrap }) => {
      const json = JSON.stringify(message);
      const unpacked = await unpack(wrap(json), LIMIT);
      if (!unpacked) throw new Error('too large');
      expect(readCallbackBody(unpacked.bytes, [], unpacked)).toEqual(readCallbackBody(Buffer.from(json)));
    }),
    { numRuns: 1_000 },
  );
});

test('whatever bytes and headers come, they are read or not, and nothing is thrown', async () => {
  const header = fc.option(fc.oneof(fc.string(), fc.constantFrom('gzip', 'br, deflate', 'charset=utf-16', 'a/b; charset=x-user-defined')));
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.uint8Array({ maxLength: 4 }).map((start) => Buffer.concat([start, Buffer.from('{"a":1}')])),
  );
  await fc.assert(
    fc.asyncProperty(bytes, header, header, async (some, contentType, contentEncoding) => {
      const unpacked = await unpack({ bytes: some, contentType, contentEncoding }, LIMIT);
      if (unpacked) readCallbackBody(unpacked.bytes, [], unpacked);
    }),
    { numRuns: 1_000 },
  );
});

const text = 'activé';
const encoded = (bytes: Uint8Array, contentType: string | null = null) => ({ bytes, contentType, contentEncoding: null });

test.each<[what: string, bytes: Uint8Array, contentType: string | null, expected: string | null]>([
  ...['utf8', 'utf-8', 'UTF8', '"utf-8"', "'utf-8'", 'unicode-1-1-utf-8', 'ISO-8859-1', 'utf-16', 'nothing'].map(
    (label): [string, Uint8Array, string, string] => [`UTF-8, called ${label}`, Buffer.from(text), `a/b; charset=${label}`, text],
  ),
  ...['latin1', 'iso-8859-1', 'ISO8859-1', 'windows-1252', 'cp1252', 'us-ascii', 'iso-8859-15'].map(
    (label): [string, Uint8Array, string, string] => [
      `Latin-1, called ${label}`,
      Buffer.from(text, 'latin1'),
      `a/b;x=y; Charset = "${label}" ;z=1`,
      text,
    ],
  ),
  ['the Euro sign of Windows', Buffer.from([0x80]), 'a/b;charset=ISO-8859-1', '€'],
  ['Shift_JIS', Buffer.from([0x83, 0x65]), 'a/b;charset=shift_jis', 'テ'],
  ['ISO-2022-JP', Buffer.from([0x1b, 0x24, 0x42, 0x25, 0x46, 0x1b, 0x28, 0x42]), 'a/b;charset=iso-2022-jp', 'テ'],
  [
    'Latin-1 that an XML declaration names',
    Buffer.from(`<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>`, 'latin1'),
    'text/xml',
    "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>",
  ],
  ['Latin-1 that says UTF-8', Buffer.from(text, 'latin1'), 'a/b;charset=utf-8', null],
  ['Latin-1 that says nothing', Buffer.from(text, 'latin1'), null, null],
  ['UTF-16 with half a letter behind it', Buffer.concat([Buffer.from('{}', 'utf16le'), Buffer.alloc(1)]), null, '{}'],
  ['half a surrogate of UTF-16', Buffer.from('{"\ud800"}', 'utf16le'), null, null],
  ['NULs only', Buffer.alloc(8), null, ''],
])('%s is decoded', (_what, bytes, contentType, expected) => {
  expect(decodeText(encoded(bytes, contentType))).toBe(expected);
});

test.each([
  ['a text of a megabyte of blanks before a letter', ' '.repeat(LIMIT - 2) + 'x '],
  ['brackets a megabyte deep', '['.repeat(LIMIT)],
  ['ampersands', 'a&'.repeat(LIMIT / 2)],
  ['backslashes in quotes', `"${'\\\\'.repeat(LIMIT / 2 - 1)}"`],
  ['references', `<a>${'&#38;'.repeat(LIMIT / 5 - 2)}</a>`],
  ['CDATA that nobody ends', '<![CDATA['.repeat(LIMIT / 9)],
])('%s takes no time that grows with its square', (_what, hostile) => {
  expect(readCallbackBody(Buffer.from(hostile))).toHaveProperty('unreadable');
});

test('JSON in JSON is read a few times, a text that is none stays a text, and no digit is lost', () => {
  const digits = '{"id":89148000001024124378,"ids":[89148000001024124378]}';
  const quoted = JSON.stringify(JSON.stringify(digits));
  expect(readForeignJson(quoted)).toEqual({ id: '89148000001024124378', ids: ['89148000001024124378'] });
  expect(readForeignJson('"only a text"')).toBe('only a text');
  expect(readForeignJson('no JSON')).toBeUndefined();
});
