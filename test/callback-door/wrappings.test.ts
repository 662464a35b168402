import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { wrapping } from '../support/wrappings.ts';
import { callback, DEVICE, openDoor, WAITING } from './support/open-door.ts';

const GOOD = JSON.stringify(callback());
const XML = `<?xml version="1.0" encoding="utf-8"?><CallbackRequest><RequestId>${WAITING}</RequestId><Device><Kind>ICCID</Kind><Identifier>${DEVICE}</Identifier></Device><Data><CarrierService><ChangeDeviceState><Activate><State>WA</State></Activate></ChangeDeviceState></CarrierService></Data><Comment>Line one&#xD;
line two, caf&#233;</Comment><Status>Success</Status></CallbackRequest>`;
const LATIN = JSON.stringify(callback({ comment: 'activé' }));
const BOM = [0xef, 0xbb, 0xbf];

test.each<[what: string, body: string | Uint8Array, headers?: Record<string, string>]>([
  ['with two byte order marks', Buffer.from([...BOM, ...BOM, ...Buffer.from(GOOD)])],
  ['in a list of one', `[${GOOD}]`],
  ['in a JSON text', JSON.stringify(GOOD)],
  ['in a JSON text in a JSON text', JSON.stringify(JSON.stringify(GOOD))],
  ['with a NUL behind it', `${GOOD}\r\n\0`],
  ['in Latin-1, which it says', Buffer.from(LATIN, 'latin1'), { 'content-type': 'application/json;charset=ISO-8859-1' }],
  ['in Latin-1, as it says, although it is UTF-8', LATIN, { 'content-type': 'application/json;charset=ISO-8859-1' }],
  ['in UTF-16', Buffer.from(GOOD, 'utf16le')],
  ['with its charset in Content-Encoding', GOOD, { 'content-encoding': 'UTF-8' }],
  ['in a field of a form', `payload=${encodeURIComponent(GOOD)}`, { 'content-type': 'application/x-www-form-urlencoded' }],
  ['of a legacy listener, with character references', XML, { 'content-type': 'text/xml; charset=utf-8' }],
  ['of a legacy listener, in UTF-16', Buffer.from(`\ufeff${XML.replace('utf-8', 'utf-16')}`, 'utf16le'), { 'content-type': 'text/xml' }],
  ['of a legacy listener, in a JSON text', JSON.stringify(XML)],
])('a message %s is applied, and is no dead letter', async (_what, body, headers) => {
  await using door = await openDoor();
  expect(await door.post(body, headers)).toEqual({ status: 200, body: '{}' });
  expect(await door.outcome()).toMatchObject({ status: 'SUCCEEDED' });
  const { applied, kept } = await door.stored();
  expect({ applied: applied.length, kept }).toEqual({ applied: 1, kept: [] });
  if (typeof body === 'string' && body === XML) expect(applied[0]).toContain(String.raw`Line one\r\nline two, café`);
});

test('in whatever wrapping a message comes again, it is the same message', async () => {
  await using door = await openDoor();
  const message = callback({ comment: 'activé' });
  for (const [at, { wrap }] of fc.sample(wrapping, 100).entries()) {
    const { bytes, contentType, contentEncoding } = wrap(JSON.stringify({ ...message, callbackCount: at }));
    const headers = {
      ...(contentType !== null && { 'content-type': contentType }),
      ...(contentEncoding !== null && { 'content-encoding': contentEncoding }),
    };
    expect(await door.post(bytes, headers)).toEqual({ status: 200, body: '{}' });
  }
  const { applied, kept, unclaimed } = await door.stored();
  expect({ applied: applied.length, kept, unclaimed }).toEqual({ applied: 1, kept: [], unclaimed: [] });
});
