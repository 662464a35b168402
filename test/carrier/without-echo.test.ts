import { expect, test } from 'vitest';
import { withoutEcho } from '../../src/datasources/thingspace/without-echo.ts';

const BODY = JSON.stringify({
  devices: [{ deviceIds: [{ kind: 'iccid', id: '89148000000000000011' }] }],
  accountName: '0868924207-00001',
  servicePlan: 'm2m4G2GB',
  customFields: [{ key: 'CustomField1', value: 'Ward 7 "East" & co' }],
  primaryPlaceOfUse: { customerName: { firstName: 'Li' }, address: { state: 'US', emailAddress: 'li@example.com', phoneType: 'H' } },
});

test.each([
  ['keeps its words', 'Device must be active.', 'Device must be active.'],
  ['names devices, account and plan', '89148000000000000011 of 0868924207-00001 has no m2m4G2GB', undefined],
  ['does not repeat a token', 'Bearer token-of-ours!', 'Bearer …!'],
  ['does not repeat what stands in the body', 'li@example.com is no address', '… is no address'],
  ['in other letters', 'LI@EXAMPLE.COM is no address', '… is no address'],
  ['in JSON', 'got {"value":"Ward 7 \\"East\\" & co"}', 'got {"value":"…"}'],
  ['in JSON within JSON', 'got "{\\"value\\":\\"Ward 7 \\\\\\"East\\\\\\" & co\\"}"', 'got "{\\"value\\":\\"…\\"}"'],
  ['in XML', 'got Ward 7 &quot;East&quot; &amp; co', 'got …'],
  ['in a URL', 'at /?value=Ward%207%20%22East%22%20%26%20co', 'at /?value=…'],
  ['short values as words alone', 'Li must use the US limit', '… must use the … limit'],
  ['single letters not at all', 'H', 'H'],
])('an error of the carrier %s', (_how, words, told = words) => {
  expect(withoutEcho(words, { secrets: ['token-of-ours'], body: BODY })).toBe(told);
});

test('not even the path of a callback URL is repeated', () => {
  const body = JSON.stringify({ name: 'CarrierService', url: 'https://m2m.example.com:9001/callbacks/pathsecret', password: 'p"w' });
  const words = 'CarrierService: nothing is at /callbacks/pathsecret for p"w';
  expect(withoutEcho(words, { secrets: [], body })).toBe('CarrierService: nothing is at /callbacks/… for …');
});

test('when nothing was sent, the words stay as they are', () => {
  expect(withoutEcho('Not found', { secrets: [], body: undefined })).toBe('Not found');
});
