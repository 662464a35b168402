import { expect, test } from 'vitest';
import { callback, openDoor, type UnclaimedRow } from './support/open-door.ts';

const text = (value: unknown) => JSON.stringify(value);
const legacy = (inner: string) =>
  `<?xml version="1.0" encoding="utf-8"?><CallbackRequest xmlns="http://nphase.com/unifiedwebservice/v4">${inner}</CallbackRequest>`;
const legacyInner =
  '<RequestId>4ed0df8f-43f4-4f7a-8c5f-2f5f1c1f0001</RequestId><Device><Kind>ICCID</Kind><Identifier>00891</Identifier></Device><Status>Success</Status>';

/** Bodies with nothing to apply. They are kept byte for byte and acknowledged: another attempt would not be better. */
const UNREADABLE: readonly (readonly [string, string | Uint8Array])[] = [
  ['an empty body', ''],
  ['a blank', ' '],
  ['no JSON', 'requestId=1'],
  ['null', 'null'],
  ['an array', '[]'],
  ['a number', '1'],
  ['a string', '"text"'],
  ['Latin-1 that does not say so', Buffer.from('{"requestId":"ü"}', 'latin1')],
  ['surrogates encoded as if they were letters', Buffer.from([...Buffer.from('{"requestId":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')])],
  ['a body that ends in the middle', text(callback({ username: '', password: '' })).slice(0, 100)],
  ['arrays 100,000 deep', `{"requestId":"x","deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['objects 100,000 deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ['arrays 100,000 deep beside a long number', `{"id": 89141390780800784259,"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['XML that is no CallbackRequest', '<html><body>hello</body></html>'],
  ['XML that ends in the middle', legacy(legacyInner).slice(0, 160)],
  ['XML with a DTD', `<!DOCTYPE x [<!ENTITY a "b">]>${legacy('<RequestId>&a;</RequestId>')}`],
  ['XML with an entity of its own', legacy('<RequestId>&a;</RequestId>')],
  ['XML 20,000 deep', `${'<CallbackRequest>'.repeat(20_000)}${'</CallbackRequest>'.repeat(20_000)}`],
];

test.each(UNREADABLE)('%s is acknowledged and kept as it came, and the next callback is applied', async (_what, body) => {
  await using door = await openDoor();
  expect(await door.post(body)).toEqual({ status: 200, body: '{}' });
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  const { kept, unclaimed, applied } = await door.stored();
  expect(kept).toMatchObject([{ reason: 'UNREADABLE', service: 'CarrierService', content_type: 'application/json' }]);
  expect(Buffer.compare(kept[0]?.body ?? Buffer.alloc(1), Buffer.from(body))).toBe(0);
  expect({ unclaimed, applied }).toEqual({ unclaimed: [], applied: [] });
});

test('an unreadable body hides the configured password before it is kept', async () => {
  await using door = await openDoor();
  const cut = text(callback()).slice(0, 120);
  await door.post(cut);
  const { kept } = await door.stored();
  expect(Buffer.from(kept[0]?.body ?? []).toString()).toBe(cut.replace('door-password', '*************'));
});

test.each(['application/json; charset=utf-8', 'text/plain', 'application/xml', 'a/b/c', 'application/x-www-form-urlencoded'])(
  'a good message is applied whatever its content type says (%s)',
  async (contentType) => {
    await using door = await openDoor();
    expect((await door.post(text(callback()), { 'content-type': contentType })).status).toBe(200);
    expect((await door.stored()).applied).toHaveLength(1);
  },
);

test.each([
  ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text(callback()))])],
  ['white space around it', `\r\n\t ${text(callback())}\n`],
])('a good message is applied with %s', async (_what, body) => {
  await using door = await openDoor();
  expect((await door.post(body)).status).toBe(200);
  expect((await door.stored()).applied).toHaveLength(1);
});

test('the older XML message is read, leading zeros included', async () => {
  await using door = await openDoor();
  await door.post(legacy(legacyInner), { 'content-type': 'text/xml' });
  const { unclaimed } = await door.stored();
  expect(unclaimed).toMatchObject([{ carrier_request_id: '4ed0df8f-43f4-4f7a-8c5f-2f5f1c1f0001' }]);
  expect(unclaimed[0]?.message).toContain('"00891"');
});

const UNKNOWN_ID = 'not-one-of-ours';

/** Odd bodies that are messages. They are kept with their words and applied only to what they name. */
const ODD: readonly (readonly [string, Record<string, unknown> | string, Partial<UnclaimedRow>])[] = [
  ['no requestId', callback({ requestId: undefined }), { carrier_request_id: null }],
  ['an empty requestId', callback({ requestId: '' }), { carrier_request_id: null }],
  ['a number for a requestId', callback({ requestId: 12345 }), { carrier_request_id: '12345' }],
  ['an object for a requestId', callback({ requestId: { a: 1 } }), { carrier_request_id: null }],
  ['a requestId of 10 kB', callback({ requestId: 'x'.repeat(10_240) }), { carrier_request_id: 'x'.repeat(10_240) }],
  ['a requestId with a line feed', callback({ requestId: 'a\nb' }), { carrier_request_id: 'a\nb' }],
  ['a requestId that is a path', callback({ requestId: '../../etc/passwd' }), { carrier_request_id: '../../etc/passwd' }],
  ['a requestId of SQL', callback({ requestId: "'; DROP TABLE event; --" }), { carrier_request_id: "'; DROP TABLE event; --" }],
  ['a requestId of HTML', callback({ requestId: '<script>1</script>' }), { carrier_request_id: '<script>1</script>' }],
  ['a __proto__', `{"__proto__":{"requestId":"x"},"requestId":"${UNKNOWN_ID}"}`, { carrier_request_id: UNKNOWN_ID }],
  ['no deviceIds', callback({ requestId: UNKNOWN_ID, deviceIds: undefined }), {}],
  ['empty deviceIds', callback({ requestId: UNKNOWN_ID, deviceIds: [] }), {}],
  ['a string for deviceIds', callback({ requestId: UNKNOWN_ID, deviceIds: 'all' }), {}],
  [
    '10,001 deviceIds',
    callback({ requestId: UNKNOWN_ID, deviceIds: Array.from({ length: 10_001 }, (_, at) => ({ id: `8914${at}`, kind: 'iccid' })) }),
    {},
  ],
  ['the same deviceId 1,000 times', callback({ requestId: UNKNOWN_ID, deviceIds: Array(1_000).fill({ id: '1', kind: 'iccid' }) }), {}],
  ['an unknown kind of identifier', callback({ requestId: UNKNOWN_ID, deviceIds: [{ id: '1', kind: 'serial' }] }), {}],
  ['an unknown status', callback({ requestId: UNKNOWN_ID, status: 'Perhaps' }), {}],
  ['callbackCount 0', callback({ requestId: UNKNOWN_ID, callbackCount: 0 }), {}],
  ['callbackCount −1', callback({ requestId: UNKNOWN_ID, callbackCount: -1 }), {}],
  ['callbackCount "1"', callback({ requestId: UNKNOWN_ID, callbackCount: '1' }), { callback_count: 1 }],
  ['callbackCount 1e300', callback({ requestId: UNKNOWN_ID, callbackCount: 1e300 }), { callback_count: null }],
  ['callbackCount 2^31', callback({ requestId: UNKNOWN_ID, callbackCount: 2 ** 31 }), {}],
  ['callbackCount []', callback({ requestId: UNKNOWN_ID, callbackCount: [] }), {}],
  ['maxCallbackThreshold 2^31', callback({ requestId: UNKNOWN_ID, maxCallbackThreshold: 2 ** 31 }), {}],
];

test.each(ODD)('a message with %s is stored once with its words, and can be listed', async (_what, message, expected) => {
  await using door = await openDoor();
  const body = typeof message === 'string' ? message : text(message);
  expect(await door.post(body)).toEqual({ status: 200, body: '{}' });
  expect(await door.post(body)).toEqual({ status: 200, body: '{}' });
  expect(await door.listUnclaimed()).toBe(1);
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  const { kept, unclaimed, applied } = await door.stored();
  expect({ kept, applied }).toEqual({ kept: [], applied: [] });
  expect(unclaimed).toMatchObject([expected]);
  const { username: _user, password: _password, callbackCount: _count, ...words } = JSON.parse(body) as Record<string, unknown>;
  expect(JSON.parse(unclaimed[0]?.message ?? '')).toEqual(words);
});

test('a number for an identifier keeps every digit', async () => {
  await using door = await openDoor();
  await door.post(`{"requestId":"${UNKNOWN_ID}","deviceIds":[{"id":89141390780800784259,"kind":"iccid"}],"status":"Success"}`);
  expect((await door.stored()).unclaimed[0]?.message).toContain('89141390780800784259');
});

test('when a key is repeated the last one counts', async () => {
  await using door = await openDoor();
  await door.post(`{"requestId":"first","requestId":"${UNKNOWN_ID}","status":"Success"}`);
  expect((await door.stored()).unclaimed).toMatchObject([{ carrier_request_id: UNKNOWN_ID }]);
});

test('two messages that differ only in a lone surrogate are two messages', async () => {
  await using door = await openDoor();
  for (const surrogate of ['\\ud800', '\\ud801', '\\ud800']) await door.post(`{"requestId":"${UNKNOWN_ID}","comment":"${surrogate}"}`);
  const { unclaimed } = await door.stored();
  expect(unclaimed.map(({ message }) => JSON.parse(message) as unknown)).toEqual([
    { requestId: UNKNOWN_ID, comment: '\ud800' },
    { requestId: UNKNOWN_ID, comment: '\ud801' },
  ]);
});

test('a NUL in a text is kept', async () => {
  await using door = await openDoor();
  await door.post('{"requestId":"a\\u0000b","comment":"c\\u0000d"}');
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect(JSON.parse((await door.stored()).unclaimed[0]?.message ?? '')).toEqual({ requestId: 'a\0b', comment: 'c\0d' });
});

test('a result and a fault together are applied as the status says, and the fault is shown', async () => {
  await using door = await openDoor();
  const both = callback({ status: 'Failed', faultResponse: { faultcode: 'X.REQUEST_FAILED.Y', faultstring: 'no' } });
  expect((await door.post(text(both))).status).toBe(200);
  expect(await door.outcome()).toMatchObject({ status: 'FAILED', fault: { code: 'X.REQUEST_FAILED.Y' }, state: 'Active' });
});
