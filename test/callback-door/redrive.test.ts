import type { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { CREDENTIALS, openDeadLetterBox } from './support/dead-letter-box.ts';

const STRICT = { M2M_CALLBACK_STRICT: 'on' };

/** Makes a stored message readable. For the gateway this is like an upgrade. */
const becomes = (id: string | undefined, body: unknown) => (store: DatabaseSync) =>
  void store
    .prepare('UPDATE kept_message SET body = ? WHERE pk = ?')
    .run(Buffer.from(JSON.stringify(body)), Number(id?.slice('dead_'.length)));

test('an unreadable message stays until it can be read: after an upgrade it is applied with the time it came at, and is no dead letter any more', async () => {
  await using box = await openDeadLetterBox({ devices: 1 });
  await box.post('in words of the future');
  const [letter] = await box.list();
  const id = letter?.id ?? '';
  expect(await box.redrive([id])).toEqual(['UNREADABLE']);
  expect(await box.list()).toEqual([letter]);
  // As the gateway would have kept it: its password is masked.
  await box.restart({}, becomes(id, box.callback(1, { password: '*'.repeat(CREDENTIALS.password.length) })));
  expect(await box.statuses()).toEqual(['PENDING']);
  expect(await box.redrive([id])).toEqual(['APPLIED']);
  expect(await box.statuses()).toEqual(['SUCCEEDED']);
  expect(await box.list()).toEqual([]);
  expect(await box.redrive([id])).toEqual(['NOT_FOUND']);
  await box.restart({}, (store) => {
    const { at } = store.prepare('SELECT at FROM event WHERE message IS NOT NULL').get() as { at: number };
    expect(new Date(at).toISOString()).toBe(letter?.receivedAt);
  });
});

test('a message with other credentials stays quarantined until those are configured', async () => {
  await using box = await openDeadLetterBox({ devices: 1 });
  await box.post(box.callback(1, { password: 'of tomorrow' }));
  const ids = (await box.list()).map(({ id }) => id);
  expect(await box.redrive(ids)).toEqual(['QUARANTINED']);
  expect(await box.list()).toMatchObject([{ reason: 'QUARANTINED' }]);
  await box.restart({ M2M_CALLBACK_PASSWORD: 'of tomorrow' });
  expect(await box.redrive(ids)).toEqual(['APPLIED']);
  expect(await box.statuses()).toEqual(['SUCCEEDED']);
  expect(await box.list()).toEqual([]);
});

test('for a masked message the username decides: the right one is accepted with the earlier password, a wrong one never', async () => {
  await using box = await openDeadLetterBox({ devices: 2 });
  await box.post(box.callback(1, { username: 'of tomorrow' }));
  await box.post(box.callback(2, { username: 'of nobody' }));
  const ids = (await box.list()).map(({ id }) => id);
  await box.restart({ M2M_CALLBACK_USERNAME: 'of tomorrow' });
  expect(await box.redrive(ids)).toEqual(['APPLIED', 'QUARANTINED']);
  expect(await box.statuses()).toEqual(['SUCCEEDED', 'PENDING']);
});

test('strict mode quarantines a message without credentials, also when it is tried again; an operator can vouch for it', async () => {
  await using box = await openDeadLetterBox({ devices: 2, env: STRICT });
  await box.post(box.callback(1, { username: '', password: '' }));
  await box.post(box.callback(2, { password: 'a guess' }));
  const ids = (await box.list()).map(({ id }) => id);
  expect(await box.redrive(ids)).toEqual(['QUARANTINED', 'QUARANTINED']);
  expect(await box.redrive(ids, false)).toEqual(['QUARANTINED', 'QUARANTINED']);
  expect(await box.redrive(ids, true)).toEqual(['APPLIED', 'APPLIED']);
  expect(await box.statuses()).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  expect(await box.list()).toEqual([]);
});

test.each([
  ['', {}],
  [' in strict mode', STRICT],
])('a dead letter that names another account’s request stays, whoever vouches for it%s', async (_mode, env) => {
  await using box = await openDeadLetterBox({ devices: 2, env });
  const account = box.simulator.accounts[1] ?? '';
  await box.post(box.callback(1), { account });
  await box.post(box.callback(2, { password: 'a guess' }), { account });
  const ids = (await box.list()).map(({ id }) => id);
  expect(await box.redrive(ids)).toEqual(['FOREIGN', 'QUARANTINED']);
  expect(await box.redrive(ids, true)).toEqual(['FOREIGN', 'FOREIGN']);
  expect((await box.list()).map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  expect(await box.statuses()).toEqual(['PENDING', 'PENDING']);
});

test('a message that was applied meanwhile is a duplicate: stored once, and no dead letter any more', async () => {
  await using box = await openDeadLetterBox({ devices: 1 });
  await box.post(box.callback(1, { password: 'a guess' }));
  await box.post(box.callback(1, { password: 'another guess', callbackCount: 2 }));
  await box.post(box.callback(1, { callbackCount: 3 }));
  const ids = (await box.list()).map(({ id }) => id);
  expect(ids).toHaveLength(2);
  expect(await box.redrive(ids, true)).toEqual(['DUPLICATE', 'DUPLICATE']);
  expect(await box.list()).toEqual([]);
  await box.restart({}, (store) => {
    expect(store.prepare('SELECT count(*) AS rows FROM event WHERE message IS NOT NULL').get()).toEqual({ rows: 1 });
  });
});

test('a dead letter of a request that does not exist yet waits for it like any callback', async () => {
  await using box = await openDeadLetterBox();
  await box.post(box.callback(1, { password: 'a guess', requestId: 'of-another-tool' }));
  const ids = (await box.list()).map(({ id }) => id);
  expect(await box.redrive(ids, true)).toEqual(['UNCLAIMED']);
  expect(await box.list()).toEqual([]);
});

test.each([
  ['first', [0, 1], 'FAILED'],
  ['second', [1, 0], 'SUCCEEDED'],
])('dead letters are tried in the order of their ids: the failure %s', async (_place, order, status) => {
  await using box = await openDeadLetterBox({ devices: 1 });
  await box.post(
    box.callback(1, {
      password: 'a guess',
      status: 'Failed',
      deviceResponse: undefined,
      faultResponse: { faultcode: 'x', faultstring: 'y' },
    }),
  );
  await box.post(box.callback(1, { password: 'a guess' }));
  const ids = (await box.list()).map(({ id }) => id);
  expect(
    await box.redrive(
      order.map((at) => ids[at] ?? ''),
      true,
    ),
  ).toEqual(['APPLIED', 'APPLIED']);
  expect(await box.statuses()).toEqual([status]);
});

test('each id is answered in its place, whatever it is, and a repeated one is applied once', async () => {
  await using box = await openDeadLetterBox({ devices: 2 });
  for (const device of [1, 2]) await box.post(box.callback(device, { password: 'a guess' }));
  const [first = '', second = ''] = (await box.list()).map(({ id }) => id);
  const number = first.slice('dead_'.length);
  const odd = [
    'dead_NaN',
    'dead_',
    '',
    ' ',
    'dead_-1',
    'dead_0',
    'dead_1e3',
    `dead_0${number}`,
    ` ${first}`,
    `${first}.0`,
    'dead_0x1',
    `dead_${'9'.repeat(400)}`,
    'Infinity',
    '[1]',
    "dead_1' OR 1",
    `unc_${number}`,
    `req_${number}`,
    '\0',
  ];
  const { data } = await box.tryRedrive({ ids: [...odd, second, second, first], trustCredentials: true });
  expect(data?.redriveDeadLetters).toEqual([
    ...odd.map((id) => ({ deadLetterId: id, outcome: 'NOT_FOUND' })),
    { deadLetterId: second, outcome: 'APPLIED' },
    { deadLetterId: second, outcome: 'NOT_FOUND' },
    { deadLetterId: first, outcome: 'APPLIED' },
  ]);
  expect(await box.statuses()).toEqual(['SUCCEEDED', 'SUCCEEDED']);
});

test('two operators who try the same dead letters at once apply each of them once', async () => {
  await using box = await openDeadLetterBox({ devices: 20 });
  for (let device = 1; device <= 20; device++) await box.post(box.callback(device, { password: 'a guess' }));
  const ids = (await box.list()).map(({ id }) => id);
  const [left, right] = await Promise.all([box.redrive(ids, true), box.redrive(ids.toReversed(), true)]);
  expect([...left, ...right].filter((outcome) => outcome === 'APPLIED')).toHaveLength(20);
  expect([...left, ...right].every((outcome) => ['APPLIED', 'DUPLICATE', 'NOT_FOUND'].includes(outcome))).toBe(true);
  expect(await box.list()).toEqual([]);
  await box.restart({}, (store) => {
    expect(store.prepare('SELECT count(*) AS rows FROM event WHERE message IS NOT NULL').get()).toEqual({ rows: 20 });
  });
});

test.each([
  ['none', 0],
  ['1,001', 1_001],
])('with %s ids nothing is tried, and the caller learns how many are allowed', async (_what, count) => {
  await using box = await openDeadLetterBox({ devices: 1 });
  await box.post(box.callback(1, { password: 'a guess' }));
  const [id = ''] = (await box.list()).map((letter) => letter.id);
  const { errors } = await box.tryRedrive({ ids: Array<string>(count).fill(id), trustCredentials: true });
  expect(errors).toMatchObject([
    { message: `Nothing was tried: \`ids\` must name 1 to 1000 dead letters, not ${count}.`, extensions: { code: 'BAD_USER_INPUT' } },
  ]);
  expect(await box.statuses()).toEqual(['PENDING']);
});

test('1,000 ids are tried', async () => {
  await using box = await openDeadLetterBox({ devices: 1 });
  await box.post(box.callback(1, { password: 'a guess' }));
  const [id = ''] = (await box.list()).map((letter) => letter.id);
  expect((await box.redrive([...Array<string>(999).fill('dead_0'), id], true)).at(-1)).toBe('APPLIED');
});

test('a result among the dead letters corrects a device that has expired meanwhile', async () => {
  await using box = await openDeadLetterBox({ env: { M2M_OVERDUE_AFTER_MS: '1000', M2M_EXPIRE_AFTER_MS: '1500' } });
  box.simulator.faults.status('*', 503, { times: Infinity });
  await box.post(box.callback(2, { password: 'a guess' }));
  await until(async () => (await box.statuses()).every((status) => status === 'EXPIRED'));
  const ids = (await box.list()).map(({ id }) => id);
  expect(await box.redrive(ids, true)).toEqual(['APPLIED']);
  expect(await box.statuses()).toEqual(['EXPIRED', 'SUCCEEDED', 'EXPIRED']);
});
