import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNT, FakeCarrier, NO_SUCH_PATH } from './carrier/fake-carrier.ts';
import { newLine } from './carrier/line.ts';
import {
  asListOfOne,
  brotlied,
  deflated,
  gzipped,
  inPascalCase,
  inUtf16,
  named as renamed,
  ofType,
  valued,
  withBlanksAround,
  withByteOrderMark,
  type Answer,
  type Spelling,
} from './carrier/spellings.ts';
import { Gateway } from './gateway.ts';
import { activation, named } from './inputs.ts';
import { carrierIdOf, outcomeOf } from './views.ts';

const ACTIVATE = '/devices/actions/activate';
const RESUME = '/devices/profile/actions/profile_resume';

const SPELLINGS: readonly [string, Spelling][] = [
  ['with a byte order mark', withByteOrderMark],
  ['with blanks around', withBlanksAround],
  ['as gzip', gzipped],
  ['as deflate', deflated],
  ['as br', brotlied],
  ['as gzip of text with a byte order mark', (answer) => gzipped(withByteOrderMark(answer))],
  ['as UTF-16', inUtf16],
  ['as a list of one', asListOfOne],
  ['in PascalCase', inPascalCase],
  ['in capitals', renamed((name) => name.toUpperCase())],
  ['in small letters', renamed((name) => name.toLowerCase())],
  ['as text/plain', ofType('text/plain')],
  ['as text/json; charset=utf8', ofType('text/json; charset=utf8')],
  ['with blanks around its values', valued((value) => ` ${value} `)],
];

describe('a request that was taken on', () => {
  let carrier: FakeCarrier;
  let gateway: Gateway;

  beforeAll(async () => {
    carrier = await FakeCarrier.start();
    gateway = await Gateway.start(carrier);
  });

  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await carrier[Symbol.asyncDispose]();
  });

  const taken: readonly [string, Spelling][] = [
    ...SPELLINGS,
    ['in capital letters', valued((id) => id.toUpperCase())],
    ['in braces', valued((id) => `{${id}}`)],
  ];

  test.each(taken)('is known by its requestId, answered %s', async (_, spelling) => {
    const line = newLine();
    carrier.answerNextWith(ACTIVATE, spelling);
    const request = await gateway.request('activateDevices', activation(line));
    expect(request).toMatchObject({ status: 'IN_PROGRESS', carrierRequests: [{ state: 'ACCEPTED', attempts: 1 }] });
    await carrier.report(carrier.requestAbout(line).requestId, line, 'activate.success');
    expect(outcomeOf(await gateway.view(request.id)).status).toBe('SUCCEEDED');
  });

  const refusal: Answer = {
    status: 400,
    body: { errorCode: 'UnifiedWebService.REQUEST_FAILED.DefaultIpPoolNotDefined', errorMessage: 'There is no default pool.' },
  };

  test.each(SPELLINGS.filter(([name]) => !name.includes('values')))(
    'is REJECTED with the carrier’s code and words, answered %s',
    async (_, spelling) => {
      carrier.answerNextWith(ACTIVATE, spelling(refusal));
      const result = await gateway.mutate('activateDevices', { accountName: ACCOUNT, ...activation(newLine()) });
      expect(result).toMatchObject({ carrierErrorCode: 'UnifiedWebService.REQUEST_FAILED.DefaultIpPoolNotDefined', httpStatus: 400 });
      expect(result.request?.error).toMatchObject({ message: 'There is no default pool.' });
    },
  );

  test('is REJECTED with the number that the profile pages have for a code, as text or as a number', async () => {
    for (const errorCode of ['406', 406]) {
      carrier.answerNextWith(RESUME, { status: 406, body: { errorCode, errorMessage: 'Not acceptable today.' } });
      const result = await gateway.mutate('resumeProfile', { accountName: ACCOUNT, ...named([newLine()], 'iccid') });
      expect(result).toMatchObject({ __typename: 'CarrierRefused', carrierErrorCode: '406', httpStatus: 406 });
    }
  });

  test('is REJECTED with what stands in the fault of the API manager', async () => {
    carrier.answerNextWith(ACTIVATE, { status: 400, body: NO_SUCH_PATH });
    const result = await gateway.mutate('activateDevices', { accountName: ACCOUNT, ...activation(newLine()) });
    expect(result).toMatchObject({ __typename: 'CarrierRefused', carrierErrorCode: '900906', httpStatus: 400 });
    expect(result.request?.error?.message).toContain('No matching resource found');
  });

  test('is REJECTED when the API manager forbids it, in XML', async () => {
    const xml = `<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>404</am:code><am:type>Status report</am:type><am:message>Not Found</am:message><am:description>The requested resource is not available.</am:description></am:fault>`;
    carrier.answerNextWith(ACTIVATE, { status: 403, bytes: Buffer.from(xml), headers: { 'content-type': 'application/xml' } });
    const result = await gateway.mutate('activateDevices', { accountName: ACCOUNT, ...activation(newLine()) });
    expect(result).toMatchObject({ __typename: 'CarrierRefused', httpStatus: 403, request: { status: 'REJECTED' } });
  });

  test('is sent again when the carrier was throttling, and taken on once', async () => {
    const line = newLine();
    const throttled = { fault: { code: '900800', message: 'Message throttled out', description: 'You have exceeded your quota' } };
    carrier.answerNextWith(ACTIVATE, { status: 429, body: throttled, headers: { 'retry-after': '1' } });
    const request = await gateway.request('activateDevices', activation(line));
    await carrier.waitFor(ACTIVATE, line, 2);
    await carrier.report(carrier.requestAbout(line).requestId, line, 'activate.success');
    expect((await gateway.until(request.id)).status).toBe('SUCCEEDED');
    expect(carrier.requests(ACTIVATE, line)).toHaveLength(2);
  });

  test('is sent again after a bearer or a session has ended, and taken on once', async () => {
    for (const end of [() => carrier.sessions.endBearer(), () => carrier.sessions.endSession()]) {
      end();
      const line = newLine();
      const request = await gateway.request('activateDevices', activation(line));
      expect(request.status).toBe('IN_PROGRESS');
      expect(carrier.requests(ACTIVATE, line)).toHaveLength(2);
      expect(carrierIdOf(request)).toBe(carrier.requestAbout(line).requestId);
    }
  });

  const page = { status: 200, bytes: Buffer.from('<html>Welcome</html>'), headers: { 'content-type': 'text/html' } };

  test('is UNKNOWN when its answer is lost or says nothing, is never sent again, and its messages claim it', async () => {
    const answers: readonly (Answer | 'cut')[] = ['cut', page, { status: 200, body: {} }, { status: 200 }, { status: 502 }];
    for (const answer of answers) carrier.answerNextWith(ACTIVATE, () => answer);
    const follow = async () => {
      const line = newLine();
      const request = await gateway.request('activateDevices', activation(line));
      expect(request.status).toBe('UNKNOWN');
      const { requestId } = carrier.requestAbout(line);
      await carrier.report(requestId, line, 'activate.success');
      expect(await gateway.until(request.id)).toMatchObject({ status: 'SUCCEEDED', carrierRequests: [{ carrierRequestId: requestId }] });
      expect(carrier.requests(ACTIVATE, line)).toHaveLength(1);
    };
    await Promise.all(answers.map(follow));
  });

  test('asks for answers that are not compressed', () => {
    const asked = carrier.requests('').map(({ headers }) => headers['accept-encoding']);
    expect(new Set(asked)).toEqual(new Set(['identity']));
  });

  test.each(SPELLINGS)('goes out with a new bearer and a new session, answered %s once each', async (_, spelling) => {
    carrier.sessions.endBearer();
    carrier.sessions.endSession();
    for (const path of ['/oauth2/token', '/session/login']) carrier.answerNextWith(path, spelling);
    const counts = () => ['/oauth2/token', '/session/login'].map((path) => carrier.requests(path).length);
    const [tokens = 0, logins = 0] = counts();
    expect((await gateway.request('activateDevices', activation(newLine()))).status).toBe('IN_PROGRESS');
    expect(counts()).toEqual([tokens + 1, logins + 1]);
  });
});

describe('another tool’s registration', () => {
  const ours = {
    CarrierService: 'gateway.example.com:9001',
    NiddService: 'gateway.example.com:9001',
    DeviceProfileService: 'gateway.example.com:9001',
  };

  test.each<[string, string, Spelling]>([
    [
      'of another service, told as an object, not a list',
      'ResumeTrackingNotification',
      (answer) => ({ ...answer, body: [answer.body].flat()[0] }),
    ],
    [
      'of another service, told in PascalCase, as gzip',
      'ResumeTrackingNotification',
      (answer) => gzipped(withByteOrderMark(inPascalCase(answer))),
    ],
    ['of a service that we want too', 'CarrierService', (answer) => answer],
  ])('%s, is left as it is, and what is missing of ours is made', async (_, name, spelling) => {
    await using carrier = await FakeCarrier.start();
    carrier.callbacks.register(ACCOUNT, { name, url: 'https://tool.example.com/callbacks' }, 'uws-user');
    const told = (regular: Answer) => (regular.body === undefined ? regular : spelling(regular));
    carrier.answerAllWith(`/callbacks/${ACCOUNT}`, told);
    await using _gateway = await Gateway.start(carrier, { M2M_THINGSPACE_ACCOUNTS: ACCOUNT });
    const hosts = carrier.callbacks.list(ACCOUNT).map(({ serviceName, url }) => [serviceName, new URL(url).host]);
    expect(Object.fromEntries(hosts)).toEqual({ ...ours, [name]: 'tool.example.com' });
  });
});
