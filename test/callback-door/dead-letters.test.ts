import { print } from 'graphql';
import { expect, test } from 'vitest';
import { DeadLettersDocument, type DeadLettersQuery } from '../../documents/gql/graphql.ts';
import type { DeadLetterReason } from '../../src/datasources/request-log/dead-letter-log.ts';
import type { Caller } from '../../src/resolvers/access/caller.ts';
import { successCallback } from '../support/callback-samples.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { graphql, type GraphqlAnswer } from '../support/stack.ts';
import { CREDENTIALS, openDeadLetterBox, type DeadLetter } from './support/dead-letter-box.ts';
import { callerWith } from '../support/caller-with.ts';

test('dead letters are listed as they came, oldest first: for all accounts, for one, for one reason', async () => {
  await using box = await openDeadLetterBox();
  const { account } = box;
  const other = box.simulator.accounts[1] ?? '';
  const wrong = box.callback(1, { password: 'a guess' });
  await box.post('no message', { contentType: 'text/plain' });
  await box.post(wrong);
  await box.post(Buffer.from([0xff, 0x00, 0xfe]), { service: 'NiddService', contentType: 'application/octet-stream' });
  await box.post(box.callback(1), { account: other });
  await box.post('{"cut":', { account: other, service: 'DeviceProfileService' });
  // An applied message is no dead letter.
  await box.post(box.callback(1));
  const json = 'application/json';
  const own = { accountName: account, callbackService: 'CarrierService' };
  const expected = [
    { ...own, reason: 'UNREADABLE', contentType: 'text/plain', body: 'no message', bodyIsBase64: false, byteLength: 10 },
    { ...own, reason: 'QUARANTINED', contentType: json, body: JSON.stringify(wrong), bodyIsBase64: false },
    { ...own, callbackService: 'NiddService', reason: 'UNREADABLE', body: '/wD+', bodyIsBase64: true, byteLength: 3 },
    // A message that could be read is kept in its stored form, without its credentials.
    { ...own, accountName: other, reason: 'FOREIGN_REQUEST', contentType: null },
    { accountName: other, callbackService: 'DeviceProfileService', reason: 'UNREADABLE', contentType: json, body: '{"cut":' },
  ];
  const listed = await box.list();
  expect(listed).toMatchObject(expected);
  expect(listed[3]?.body).not.toContain(CREDENTIALS.password);
  for (const { receivedAt } of listed) expect(Date.parse(receivedAt)).toBeGreaterThan(Date.now() - 60_000);
  const only = (fits: (letter: DeadLetter) => boolean) => listed.filter(fits);
  expect(await box.list({ accountName: other })).toEqual(only(({ accountName }) => accountName === other));
  expect(await box.list({ reason: 'UNREADABLE' })).toEqual(only(({ reason }) => reason === 'UNREADABLE'));
  expect(await box.list({ accountName: account, reason: 'FOREIGN_REQUEST' })).toEqual([]);
  expect(await box.list({ accountName: 'no account of ours' })).toEqual([]);
});

test.each([
  ['as many as were asked for', 9, 0, 2, 5],
  ['fewer, where they are too long for one answer', 17, 1_000_000, 1_000, 3],
])('pages hold every message once: %s', async (_what, count, length, first, pages) => {
  await using box = await openDeadLetterBox();
  for (let number = 0; number < count; number++) await box.post(`message ${number} ${'x'.repeat(length)}`);
  const listed = await pagesOf(box.gateway.urls.graphql, first);
  expect(listed.flat().map(({ body }) => /\d+/.exec(body)?.[0])).toEqual(Array.from({ length: count }, (_, at) => String(at)));
  expect(listed).toHaveLength(pages);
});

test.each([
  ['first: 0', { first: 0 }, 'BAD_USER_INPUT'],
  ['first: 1,001', { first: 1_001 }, 'BAD_USER_INPUT'],
  ['a cursor that is none', { after: 'req_1' }, 'CURSOR_INVALID'],
  ['a cursor below zero', { after: '-1' }, 'CURSOR_INVALID'],
])('a page with %s is refused', async (_what, variables, code) => {
  await using doors = await openGraphqlDoors();
  const { errors } = await graphql(doors.url, print(DeadLettersDocument), variables);
  expect(errors).toMatchObject([{ extensions: { code } }]);
});

const PASSWORD = `p"a\\ss/w&o<r'dé😀`;

test('the configured password, escaped as JSON, is masked in a quarantined message', async () => {
  await using box = await openDeadLetterBox({ env: { M2M_CALLBACK_PASSWORD: PASSWORD } });
  const spelling = JSON.stringify(PASSWORD).slice(1, -1);
  const body = `{"username":"somebody else","password":"${spelling}","requestId":"x"}`;
  expect(JSON.parse(body)).toMatchObject({ password: PASSWORD });
  await box.post(body);
  expect(await box.list()).toMatchObject([
    { reason: 'QUARANTINED', body: body.replace(spelling, '*'.repeat(Buffer.byteLength(spelling))), bodyIsBase64: false },
  ]);
});

const named: Readonly<Record<string, string>> = { '"': 'quot', '&': 'amp', '<': 'lt', "'": 'apos' };
const entities = Array.from(PASSWORD, (letter) => (named[letter] ? `&${named[letter]};` : letter)).join('');

test.each([
  ['as it is', Buffer.from(`[ "${PASSWORD}" , "${PASSWORD}" ]`)],
  ['in XML', Buffer.from(`<!DOCTYPE x><CallbackRequest><Password>${entities}</Password></CallbackRequest>`)],
  [
    'in XML that escapes no more than it must',
    Buffer.from(`<CallbackRequest><Password>${PASSWORD.replace('&', '&amp;').replace('<', '&lt;')}</Password>`),
  ],
])('the configured password %s is masked in a message that cannot be read, and nothing else', async (_what, body) => {
  await using box = await openDeadLetterBox({ env: { M2M_CALLBACK_PASSWORD: PASSWORD } });
  await box.post(body, { contentType: 'text/plain' });
  const [letter] = await box.list();
  const kept = Buffer.from(letter?.body ?? '', letter?.bodyIsBase64 ? 'base64' : 'utf8');
  expect(kept).toHaveLength(body.length);
  const changed = [...kept.keys()].filter((at) => kept[at] !== body[at]);
  expect(changed.length).toBeGreaterThanOrEqual(PASSWORD.length);
  expect(kept.toString('latin1')).toMatch(/\*/);
  expect(kept.toString()).not.toContain('ss/w');
  // The bytes around it stay as they came.
  expect(kept.subarray(0, changed[0])).toEqual(body.subarray(0, changed[0]));
  expect(kept.subarray((changed.at(-1) ?? 0) + 1)).toEqual(body.subarray((changed.at(-1) ?? 0) + 1));
});

const OURS = 'account-1';
const THEIRS = 'account-2';
const WHOLE = { grants: ['deviceCredential', 'activationCode'] } as const;

test.each<[what: string, caller: Caller]>([
  ['without the scope of an admin', callerWith({ '*': ['read', 'write'] }, WHOLE)],
  ['with rights on no account', callerWith({}, WHOLE)],
  ['an admin without the grants for what a message may hold', callerWith({ '*': ['admin'] }, { grants: ['activationCode'] })],
])('a caller %s cannot read dead letters', async (_what, caller) => {
  await using doors = await openGraphqlDoors({ caller });
  await doors.requestLog.keep(keptAs('UNREADABLE', OURS, '{}'), 10);
  const { data, errors } = await graphql(doors.url, print(DeadLettersDocument), {});
  expect({ data, code: errors?.[0]?.extensions?.code }).toEqual({ data: undefined, code: 'FORBIDDEN' });
});

test('to an admin of another account the dead letters of an account do not exist', async () => {
  const sees = [THEIRS];
  await using doors = await openGraphqlDoors({ caller: callerWith({ [THEIRS]: ['admin'] }, WHOLE) });
  const request = newRequest([[['ICCID', '8914800000000000001']]], { account: OURS });
  await doors.requestLog.create(request);
  await doors.requestLog.step(request.id, 0, { type: 'SENDING' });
  await doors.requestLog.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: 'a-carrier-id' });
  const message = successCallback({ requestId: 'a-carrier-id', ids: [['ICCID', '8914800000000000001']], account: OURS });
  for (const account of [OURS, THEIRS]) await doors.requestLog.keep(keptAs('UNREADABLE', account, message.json), 10);

  const { data } = await graphql<DeadLettersQuery>(doors.url, print(DeadLettersDocument), {});
  expect(data?.deadLetters.nodes.map(({ accountName }) => accountName)).toEqual(sees);
  const asked = await graphql<DeadLettersQuery>(doors.url, print(DeadLettersDocument), { accountName: OURS });
  expect(asked.data).toEqual({ deadLetters: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } });
  const stored = await doors.requestLog.deadLetters({ accounts: null, reason: null }, null, 10);
  const ids = stored.rows.filter(({ account }) => account === OURS).map(({ id }) => id);
  const redriven = await graphql(doors.url, REDRIVE, { ids: [...ids, 'dead_999'] });
  // The same answer as for one that does not exist.
  expect(redriven.data).toEqual({ redriveDeadLetters: [...ids, 'dead_999'].map((id) => ({ deadLetterId: id, outcome: 'NOT_FOUND' })) });
  expect((await doors.requestLog.deadLetters({ accounts: null, reason: null }, null, 10)).rows).toHaveLength(2);
  expect((await doors.requestLog.requests([request.id])).get(request.id)).toMatchObject({ progress: { PENDING: 1 } });
});

const REDRIVE = 'mutation ($ids: [ID!]!) { redriveDeadLetters(input: { ids: $ids, trustCredentials: true }) { deadLetterId outcome } }';

function keptAs(reason: DeadLetterReason, account: string, body: string) {
  return { account, service: 'CarrierService', receivedAt: 1_000, reason, contentType: null, body: Buffer.from(body) };
}

async function pagesOf(url: string, first: number): Promise<readonly (readonly DeadLetter[])[]> {
  const pages: (readonly DeadLetter[])[] = [];
  for (let after: string | null = null; ;) {
    const { data }: GraphqlAnswer<DeadLettersQuery> = await graphql(url, print(DeadLettersDocument), { first, after });
    if (!data) throw new Error('no page');
    pages.push(data.deadLetters.nodes);
    if (!data.deadLetters.pageInfo.hasNextPage) return pages;
    after = data.deadLetters.pageInfo.endCursor;
  }
}
