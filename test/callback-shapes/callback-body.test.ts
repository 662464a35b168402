import { expect, test } from 'vitest';
import { readCallbackBody } from '../../src/datasources/thingspace/wire/callback-body.ts';
import { DOCUMENTED_CALLBACKS } from '../support/documented-callbacks.ts';
import { fixture } from '../support/fixture.ts';

const read = (body: string | Uint8Array) => readCallbackBody(typeof body === 'string' ? new TextEncoder().encode(body) : body);

function readable(body: unknown) {
  const parsed = read(typeof body === 'string' ? body : JSON.stringify(body));
  if ('unreadable' in parsed) throw new Error(parsed.unreadable);
  return parsed;
}

const XML = (inner: string) => `<CallbackRequest><RequestId>r-1</RequestId>${inner}</CallbackRequest>`;
const BOMB = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>${XML('<Status>&b;</Status>')}`;

const UNREADABLE: readonly [what: string, body: string | Uint8Array, reason: string][] = [
  ['nothing', '', 'EMPTY'],
  ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), 'NOT_UTF8'],
  ['text', 'hello', 'NOT_JSON'],
  ['a form', 'requestId=595f5c44', 'NOT_JSON'],
  ['JSON that was cut', '{"requestId":"595f', 'NOT_JSON'],
  ['a list of two', '[{"requestId":"a"},{"requestId":"b"}]', 'NOT_AN_OBJECT'],
  ['an empty list', '[]', 'NOT_AN_OBJECT'],
  ['a form with two messages', `a=${encodeURIComponent('{"requestId":"a"}')}&b=${encodeURIComponent('{"requestId":"b"}')}`, 'NOT_JSON'],
  ['a string', '"a"', 'NOT_AN_OBJECT'],
  ['null', 'null', 'NOT_AN_OBJECT'],
  ['a number', '5', 'NOT_AN_OBJECT'],
  ['JSON deeper than can be written again', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'TOO_DEEP'],
  ['HTML', '<html><body>503</body></html>', 'NOT_A_CALLBACK_REQUEST'],
  ['XML that was cut', '<CallbackRequest><RequestId>1', 'NOT_A_CALLBACK_REQUEST'],
  ['a CallbackRequest that is only text', '<CallbackRequest>1</CallbackRequest>', 'NOT_A_CALLBACK_REQUEST'],
  ['a SOAP envelope around text', '<Envelope><Body>1</Body></Envelope>', 'NOT_A_CALLBACK_REQUEST'],
  ['an empty SOAP envelope', '<Envelope><Body></Body></Envelope>', 'NOT_A_CALLBACK_REQUEST'],
  ['XML with a DTD', BOMB, 'XML_DTD'],
  ['XML with a DTD that names a file', `<!doctype x SYSTEM "file:///etc/passwd">${XML('')}`, 'XML_DTD'],
  ['XML with an entity that nobody declared', XML('<Status>&b;</Status>'), 'XML_ENTITY'],
  ...[
    '&#0;',
    '&#x0;',
    '&#xD800;',
    '&#57343;',
    '&#x110000;',
    '&#99999999999;',
    '&#xFFFE;',
    '&#;',
    '&#x;',
    '&#X41;',
    '&eacute;',
    '&AMP;',
  ].map(
    (reference) =>
      [
        `XML with the reference ${reference}`,
        XML(`<Status>${reference}</Status>`),
        expect.stringMatching(/^XML_ENTITY$|^NOT_A_CALLBACK_REQUEST$/) as string,
      ] as [string, string, string],
  ),
];

test.each(UNREADABLE)('%s is unreadable, and says why', (_what, body, unreadable) => {
  expect(read(body)).toEqual({ unreadable });
});

test('the five entities of XML itself are decoded, once', () => {
  const { message } = readable(XML('<Status>&lt;A&gt; &amp; &quot;B&quot; &apos;C&apos; &amp;lt;</Status>'));
  expect(message).toEqual({ CallbackRequest: { RequestId: 'r-1', Status: `<A> & "B" 'C' &lt;` } });
});

test.each([
  ['&#xD;', '\r'],
  ['caf&#233;', 'café'],
  ['&#x0001F600;', '\u{1f600}'],
  ['&#x1F;', '\x1f'],
  ['&amp;#233;', '&#233;'],
  ['<![CDATA[&#233; & &eacute; <!DOCTYPE x>]]>', '&#233; & &eacute; <!DOCTYPE x>'],
  ['a<!-- &eacute; <!DOCTYPE x> -->b', 'ab'],
])('the text %s of XML is %j', (written, comment) => {
  expect(readable(XML(`<Comment>x${written}y</Comment>`)).message).toEqual({
    CallbackRequest: { RequestId: 'r-1', Comment: `x${comment}y` },
  });
});

test.each(DOCUMENTED_CALLBACKS)('$service $case ($source) is kept as it came, without username, password and callbackCount', ({ body }) => {
  const { username, password, callbackCount, CallbackCount, ...rest } = body as typeof body & { username?: string; password?: string };
  const parsed = readable(body);
  expect(parsed.message).toStrictEqual(rest);
  expect(JSON.parse(parsed.json)).toStrictEqual(rest);
  expect(parsed).toMatchObject({ callbackCount: callbackCount ?? CallbackCount, credentials: { username, password } });
});

test('a message is kept without its username and password, also the legacy one, also as XML', () => {
  for (const body of [fixture('pages/legacy-activate.json'), fixture('pages/legacy-activate.xml')]) {
    const parsed = readable(body);
    expect(parsed.credentials).toEqual({ username: 'listener', password: 'listener-secret' });
    expect(parsed.json).not.toContain('listener');
    // The credential of the device belongs to the activation and not to the registration.
    expect(parsed.json).toContain('5096306081@vzw3g.com');
    expect(parsed.callbackCount).toBe(1);
    expect(parsed.message['CallbackRequest']).not.toHaveProperty('CallbackCount');
  }
});

test('a resend has the same digest, whatever its callbackCount and white space', () => {
  const [first] = DOCUMENTED_CALLBACKS;
  const again = JSON.stringify({ ...first?.body, callbackCount: 3 }, undefined, 2);
  expect(readable(again).digest).toEqual(readable(first?.body).digest);
  const xml = fixture('pages/legacy-activate.xml');
  expect(readable(xml.replace('<CallbackCount>1<', '<CallbackCount>2<')).digest).toEqual(readable(xml).digest);
});

test('a message that differs in anything else has another digest', () => {
  for (const { body } of DOCUMENTED_CALLBACKS) {
    for (const key of Object.keys(body).filter((name) => !['username', 'password', 'callbackcount'].includes(name.toLowerCase())))
      expect(readable({ ...body, [key]: 'other' }).digest, key).not.toEqual(readable(body).digest);
  }
});

const COUNTS: readonly [unknown, number | null][] = [
  [1, 1],
  ['2', 2],
  [' 3 ', 3],
  [0, 0],
  ['', null],
  [null, null],
  [true, null],
  [1.5, null],
  [-1, null],
  [1e300, null],
  [2 ** 31, null],
  ['many', null],
  [[1], null],
];

test.each(COUNTS)('callbackCount %j is %j', (callbackCount, expected) => {
  expect(readable({ requestId: 'a', callbackCount }).callbackCount).toBe(expected);
});

test('an identifier written as a number keeps all its digits', () => {
  const { message } = readable('{"requestId":"a","deviceIds":[{"kind":"iccid","id":89148000001024124378}]}');
  expect(message).toEqual({ requestId: 'a', deviceIds: [{ kind: 'iccid', id: '89148000001024124378' }] });
});

test('leading zeros and long digits of XML stay text', () => {
  const { message } = readable(XML('<Device><Kind>Mdn</Kind><Identifier>0000000001</Identifier></Device>'));
  expect(message).toMatchObject({ CallbackRequest: { Device: { Identifier: '0000000001' } } });
});

test('a byte order mark, white space and an XML declaration before the message do not matter', () => {
  expect(readable(`\ufeff \r\n{"requestId":"a"}`).message).toEqual({ requestId: 'a' });
  expect(readable(`\ufeff<?xml version="1.0"?>${XML('')}`).message).toEqual({ CallbackRequest: { RequestId: 'r-1' } });
});

test('a CallbackRequest in a SOAP envelope is read like one without', () => {
  const request =
    '<CallbackRequest><Username>u</Username><Password>p</Password><RequestId>1</RequestId><Status>Success</Status></CallbackRequest>';
  const envelope = `<s:Envelope xmlns:s="urn:s"><s:Body>${request}</s:Body></s:Envelope>`;
  expect(readCallbackBody(Buffer.from(envelope))).toEqual(readCallbackBody(Buffer.from(request)));
});

test.each([
  { Username: 'u', Password: 'p', requestId: '1', CALLBACKCOUNT: 2 },
  { username: 'u', password: 'p', requestId: '1', callbackCount: 2 },
])('credentials are taken out of a message however their names are spelt: %j', (message) => {
  const read = readCallbackBody(Buffer.from(JSON.stringify(message)));
  expect(read).toMatchObject({ json: '{"requestId":"1"}', credentials: { username: 'u', password: 'p' }, callbackCount: 2 });
});

test('our own passwords are masked wherever else a message repeats them, and the rest stays as it was', () => {
  const passwords = ['pass"word\\1', 'word'];
  const message = { requestId: 'a', password: 'pass"word\\1', more: [{ said: 'with pass"word\\1, a word' }], id: '89148000000000000011' };
  expect(readCallbackBody(Buffer.from(JSON.stringify(message)), passwords)).toMatchObject({
    message: { requestId: 'a', more: [{ said: 'with ***********, a word' }], id: '89148000000000000011' },
    json: '{"requestId":"a","more":[{"said":"with ***********, a word"}],"id":"89148000000000000011"}',
    credentials: { password: 'pass"word\\1' },
  });
});
