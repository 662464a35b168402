import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  parseCarrierError,
  registrationsAnswer,
  requestAnswer,
  requestStatusAnswer,
  sessionAnswer,
  tokenAnswer,
} from '../../src/datasources/thingspace/wire/answers.ts';
import { deviceHistoryAnswer } from '../../src/datasources/thingspace/wire/device-history.ts';
import { deviceListAnswer } from '../../src/datasources/thingspace/wire/device-list.ts';
import { readAnswer } from '../../src/datasources/thingspace/wire/read-answer.ts';

const ID = '595f5c44-c31c-4552-8670-020a1545a84d';
const PLAIN = JSON.stringify({ requestId: ID });
const utf16 = (text: string, bigEndian: boolean) => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};

test.each([
  ['plain', Buffer.from(PLAIN), null],
  ['with a byte order mark', Buffer.from(`\uFEFF${PLAIN}`), null],
  ['gzip', gzipSync(PLAIN), 'gzip'],
  ['gzip that nothing names', gzipSync(PLAIN), null],
  ['gzip twice', gzipSync(gzipSync(PLAIN)), 'gzip, gzip'],
  ['deflate', deflateSync(PLAIN), 'deflate'],
  ['deflate without its wrapper', deflateRawSync(PLAIN), 'deflate'],
  ['br', brotliCompressSync(PLAIN), 'br'],
  ['what is called gzip and is not', Buffer.from(PLAIN), 'gzip'],
  ['UTF-16, little end first', utf16(PLAIN, false), null],
  ['UTF-16, big end first', utf16(PLAIN, true), null],
  ['with NULs and blanks around it', Buffer.from(` \r\n${PLAIN}\n\0\0`), null],
  ['JSON in a text of JSON', Buffer.from(JSON.stringify(PLAIN)), null],
])('an answer is read: %s', async (_what, bytes, contentEncoding) => {
  const answer = await readAnswer({ bytes, contentType: 'application/json', contentEncoding }, 65_536);
  expect(requestAnswer.parse(answer?.body)).toEqual({ requestId: ID });
});

test('nothing, compressed, is nothing', async () => {
  const answer = await readAnswer({ bytes: gzipSync(''), contentType: null, contentEncoding: 'gzip' }, 65_536);
  expect(answer).toEqual({ text: '', body: undefined });
});

test('an answer that unpacks to more than the limit is none', async () => {
  const bytes = gzipSync(Buffer.alloc(1_000_000, 0x20));
  expect(await readAnswer({ bytes, contentType: null, contentEncoding: 'gzip' }, 65_536)).toBeNull();
});

test.each([
  [{ RequestId: ID }],
  [{ REQUESTID: ` ${ID}\n` }],
  [{ requestId: ` {${ID.toUpperCase()}} ` }],
  [{ request_id: ID }],
  [[{ requestId: ID }]],
  [{ requestid: 'another-one', requestId: ID }],
])('%j has the requestId', (body) => expect(requestAnswer.parse(body)).toEqual({ requestId: ID }));

test.each([
  [{ access_token: 't', expires_in: 1800 }],
  [{ Access_Token: ' t ', Expires_In: '1800' }],
  [[{ accessToken: 't', expiresIn: 1800 }]],
])('%j is a bearer', (body) => expect(tokenAnswer.parse(body)).toEqual({ access_token: 't', expires_in: 1800 }));

test.each([[{ sessionToken: 't' }], [{ SessionToken: 't\r\n' }], [[{ sessiontoken: 't' }]]])('%j is a session', (body) =>
  expect(sessionAnswer.parse(body)).toEqual({ sessionToken: 't' }),
);

const CARRIER = { serviceName: 'CarrierService', url: 'https://a/b' };
test.each([
  [[CARRIER], [CARRIER]],
  [CARRIER, [CARRIER]],
  [[{ ServiceName: 'carrierservice', Url: ' https://a/b ', Password: 'x' }], [CARRIER]],
  [[{ name: 'CarrierService', url: 'https://a/b' }], [CARRIER]],
  [{ callbacks: [CARRIER] }, [CARRIER]],
  [{ Callbacks: CARRIER }, [CARRIER]],
  [[{ ...CARRIER, url: null }], [{ ...CARRIER, url: '' }]],
  [{ callbacks: [] }, []],
  [[[CARRIER, { ...CARRIER, serviceName: 'NiddService' }]], [CARRIER, { ...CARRIER, serviceName: 'NiddService' }]],
  [[], []],
  [null, []],
])('%j is a list of registrations', (body, expected) => expect(registrationsAnswer.parse(body)).toEqual(expected));

test.each([[{}], [[null]], [[{ url: 'https://a/b' }]], [[CARRIER, 7]], ['text'], [undefined]])(
  '%j cannot be read as registrations, so it does not say that there are none',
  (body) => expect(registrationsAnswer.safeParse(body).success).toBe(false),
);

test.each([[{ requestId: ID, status: 'Success' }], [[{ RequestID: ID, Status: 'SUCCESS ' }]]])('%j is a status', (body) =>
  expect(requestStatusAnswer.parse(body)).toEqual({ requestId: ID, status: 'SUCCEEDED' }),
);

const RECORD = {
  deviceIds: [{ kind: 'ICCID', id: '89', reportedKind: 'ICCID' }],
  state: 'active',
  servicePlan: 'p',
  ipAddress: '10.0.0.1',
  groupNames: ['West'],
  profileStatus: 'ENABLE',
  cursor: '9007199254740993',
};
test.each([
  [
    'in PascalCase',
    {
      HasMoreData: 'False',
      Devices: [
        {
          DeviceIds: [{ Kind: 'ICCID', Id: '89' }],
          CarrierInformations: [{ State: 'active', ServicePlan: 'p' }],
          ExtendedAttributes: [
            { Key: 'DeviceId', Value: '9007199254740993' },
            { Key: 'ProfileStatus', Value: 'ENABLE' },
          ],
          GroupNames: ['West'],
          IpAddress: ' 10.0.0.1 ',
        },
      ],
    },
  ],
  [
    'as one object, in a list of one',
    [
      {
        hasMoreData: false,
        devices: {
          deviceIds: { kind: 'ICCID', id: 89 },
          carrierInformations: { state: 'active', servicePlan: 'p' },
          extendedAttributes: [
            { key: 'deviceid', value: '9007199254740993' },
            { key: 'PROFILESTATUS', value: 'ENABLE' },
          ],
          groupNames: 'West',
          ipAddress: '10.0.0.1',
        },
      },
    ],
  ],
])('a device list %s is read', (_what, body) => {
  expect(deviceListAnswer.parse(body)).toMatchObject({ hasMoreData: false, devices: [RECORD] });
});

test('a DeviceId that is written as a number of 17 digits keeps them', async () => {
  const text = '{"hasMoreData":false,"devices":[{"extendedAttributes":[{"key":"DeviceId","value":90071992547409931}]}]}';
  const answer = await readAnswer({ bytes: Buffer.from(text), contentType: null, contentEncoding: null }, 65_536);
  expect(deviceListAnswer.parse(answer?.body).devices[0]?.cursor).toBe('90071992547409931');
});

test.each([
  [[{ ProvisioningHistory: [{ EventType: 'Activate', Status: 'Success', OccurredAt: '2026-03-01T09:00:00Z' }], HasMoreData: false }]],
  [{ provisioningHistory: { eventType: 'Activate', status: 'Success', occurredAt: '2026-03-01T09:00:00Z' }, hasMoreData: 'false' }],
])('%j is a history', (body) => {
  const occurredAt = Date.parse('2026-03-01T09:00:00Z');
  expect(deviceHistoryAnswer.parse(body)).toMatchObject({
    hasMoreData: false,
    events: [{ type: 'Activate', status: 'Success', occurredAt }],
  });
});

test.each([
  [{ errorCode: 'A.B', errorMessage: 'm' }, 'API'],
  [{ ErrorCode: ' A.B ', ErrorMessage: 'm' }, 'API'],
  [[{ errorCode: 'A.B', errorMessage: 'm' }], 'API'],
  [[{ ErrorCode: 'A.B', ErrorMessage: 'm' }, { ErrorCode: 'C' }], 'API'],
  [{ errors: [{ errorCode: 'A.B', errorMessage: 'm' }] }, 'API'],
  [{ Errors: { Code: 'A.B', Message: 'm' } }, 'API'],
  [{ error: { code: 'A.B', message: 'm' } }, 'API'],
  [{ fault: { code: 'A.B', message: 'm', description: 'd' } }, 'GATEWAY'],
  [{ Fault: { Code: 'A.B', Description: 'm' } }, 'GATEWAY'],
  [{ fault: { faultcode: 'A.B', faultstring: 'm' } }, 'GATEWAY'],
])('%j is an error of the carrier', (body, by) => {
  expect(parseCarrierError(body, JSON.stringify(body))).toEqual({ code: 'A.B', message: 'm', by });
});

test.each([
  ['{"error":"invalid_client","error_description":"m"}', { code: 'invalid_client', message: 'm', by: 'OAUTH' }],
  ['{"Error":"invalid_client"}', { code: 'invalid_client', message: '', by: 'OAUTH' }],
  ['<am:fault><am:code>900901</am:code><am:message>m</am:message></am:fault>', { code: '900901', message: 'm', by: 'GATEWAY' }],
  ['<Error><ErrorCode>A.B</ErrorCode><ErrorMessage>m</ErrorMessage></Error>', { code: 'A.B', message: 'm', by: 'API' }],
])('%s is an error too', (text, expected) => expect(parseCarrierError(parsed(text), text)).toEqual(expected));

test.each([
  '{"timestamp":"2026-11-29","status":404,"error":"Not Found","path":"/api"}',
  '<!DOCTYPE html><html><body><code>403</code> Request blocked</body></html>',
  '{"errorCode":""}',
  '[]',
  '7',
])('%s is none of the carrier’s', (text) => expect(parseCarrierError(parsed(text), text)).toBeNull());

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
