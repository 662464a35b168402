import { request } from 'undici';
import { expect, test } from 'vitest';
import { startPreviousListener, type PreviousListenerServer } from '../support/previous-listener.ts';
import { until } from '../support/until.ts';
import { callback, CREDENTIALS, openDoor, OTHER_ACCOUNT, WAITING, type Door } from './support/open-door.ts';

const text = (value: unknown) => JSON.stringify(value);
const PREVIOUS = { username: 'previous-user', password: 'previous-password' };

/** A door that forwards everything to `listener`. */
function openForwardingDoor(listener: PreviousListenerServer, more: Readonly<Record<string, string>> = {}): Promise<Door> {
  return openDoor({ M2M_CALLBACK_FORWARD: `*=${listener.url}?key=of-the-tool`, ...more });
}

test('a callback goes to the previous listener as JSON, with its own count and the credentials of that registration', async () => {
  await using listener = await startPreviousListener();
  await using door = await openForwardingDoor(listener, {
    M2M_CALLBACK_FORWARD_USERNAME: PREVIOUS.username,
    M2M_CALLBACK_FORWARD_PASSWORD: PREVIOUS.password,
  });
  await door.post(text(callback({ callbackCount: 2 })), { 'content-type': 'text/plain' });
  await until(() => listener.posts.length === 1);
  const [post] = listener.posts;
  expect(post).toMatchObject({ path: '/previous?key=of-the-tool', headers: { 'content-type': 'application/json' } });
  expect(JSON.parse(post?.body.toString() ?? '')).toEqual({ ...callback(), ...PREVIOUS, callbackCount: 2 });
});

test('without credentials of the previous registration a message is forwarded without any, and never with ours', async () => {
  await using listener = await startPreviousListener();
  await using door = await openForwardingDoor(listener);
  await door.post(text(callback()));
  await door.post(text(callback()).slice(0, 120));
  await until(() => listener.posts.length === 2);
  const { username: _user, password: _password, ...rest } = callback();
  expect(JSON.parse(listener.posts[0]?.body.toString() ?? '')).toEqual(rest);
  for (const { body } of listener.posts) expect(body.toString()).not.toContain(CREDENTIALS.password);
});

test('a legacy message gets the credentials in its own spelling', async () => {
  await using listener = await startPreviousListener();
  await using door = await openForwardingDoor(listener, {
    M2M_CALLBACK_FORWARD_USERNAME: PREVIOUS.username,
    M2M_CALLBACK_FORWARD_PASSWORD: PREVIOUS.password,
  });
  await door.post('<CallbackRequest><RequestId>a</RequestId><Status>Success</Status><CallbackCount>1</CallbackCount></CallbackRequest>');
  await until(() => listener.posts.length === 1);
  expect(JSON.parse(listener.posts[0]?.body.toString() ?? '')).toEqual({
    CallbackRequest: { Username: PREVIOUS.username, Password: PREVIOUS.password, CallbackCount: 1, RequestId: 'a', Status: 'Success' },
  });
});

test('every new message is forwarded once: applied, unclaimed, of another account, unreadable; a resend is not', async () => {
  await using listener = await startPreviousListener();
  await using door = await openForwardingDoor(listener);
  for (const callbackCount of [1, 2]) {
    await door.post(text(callback({ callbackCount, comment: 'applied' })));
    await door.post(text(callback({ callbackCount, comment: 'unclaimed', requestId: 'nobody' })));
    await door.post('unreadable');
    await door.post(
      text(callback({ callbackCount, comment: 'foreign', requestId: WAITING })),
      {},
      door.path('CarrierService', OTHER_ACCOUNT),
    );
  }
  await door.post(text(callback({ comment: 'the last' })));
  await until(() => listener.taken.length === 5);
  expect(listener.taken.filter((name) => name !== 'foreign')).toEqual(['applied', 'unclaimed', 'unreadable', 'the last']);
  expect(listener.posts).toHaveLength(5);
});

test('a message with credentials that are not ours is not forwarded', async () => {
  await using listener = await startPreviousListener();
  await using door = await openForwardingDoor(listener);
  await door.post(text(callback({ comment: 'forged', password: 'guess' })));
  await door.post(text(callback({ comment: 'right' })));
  await until(() => listener.posts.length === 1);
  expect(listener.taken).toEqual(['right']);
  await until(async () => (await sample(door, 'm2m_forward_backlog')) === 0);
});

test('an unreadable message is forwarded byte for byte, with its content type', async () => {
  await using listener = await startPreviousListener();
  await using door = await openForwardingDoor(listener);
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0x80]);
  await door.post(bytes, { 'content-type': 'text/xml; charset=utf-16' });
  await until(() => listener.posts.length === 1);
  expect(listener.posts[0]).toMatchObject({ headers: { 'content-type': 'text/xml; charset=utf-16' } });
  expect(listener.posts[0]?.body.equals(bytes)).toBe(true);
});

test('callbacks are acknowledged and applied while the previous listener hangs, and the metrics show how many wait', async () => {
  await using listener = await startPreviousListener(() => 'HANG');
  await using door = await openForwardingDoor(listener);
  expect((await door.post(text(callback()))).status).toBe(200);
  await until(() => listener.posts.length === 1);
  for (let at = 0; at < 20; at++) expect((await door.post(text(callback({ requestId: `other-${at}` })))).status).toBe(200);
  expect(await sample(door, 'm2m_callbacks_total{service="CarrierService",outcome="applied"}')).toBe(1);
  expect(await sample(door, 'm2m_forward_backlog')).toBe(21);
  expect(await sample(door, 'm2m_forward_oldest_seconds')).toBeGreaterThan(0);
  expect(listener.posts).toHaveLength(1);
});

test('the metrics count delivered and refused messages', async () => {
  await using listener = await startPreviousListener((at) => (at === 0 ? 503 : 200));
  await using door = await openForwardingDoor(listener);
  await door.post(text(callback()));
  await until(async () => (await sample(door, 'm2m_callbacks_forwarded_total{result="delivered"}')) === 1);
  expect(await sample(door, 'm2m_callbacks_forwarded_total{result="refused"}')).toBe(1);
  await until(async () => (await sample(door, 'm2m_forward_backlog')) === 0);
  expect(await sample(door, 'm2m_forward_oldest_seconds')).toBe(0);
});

test('only the accounts and services that the setting names are forwarded', async () => {
  await using listener = await startPreviousListener();
  await using door = await openDoor({
    M2M_CALLBACK_FORWARD: `NiddService=${listener.url}/nidd, ${OTHER_ACCOUNT}/CarrierService=${listener.url}/other`,
  });
  await door.post(text(callback({ comment: 'not this' })));
  await door.post(text(callback({ comment: 'nidd' })), {}, door.path('NiddService'));
  await door.post(text(callback({ requestId: 'nobody' })), {}, door.path('CarrierService', OTHER_ACCOUNT));
  await until(() => listener.posts.length === 2);
  expect(listener.posts.map(({ path }) => path).toSorted()).toEqual(['/previous/nidd', '/previous/other']);
  await until(async () => (await sample(door, 'm2m_forward_backlog')) === 0);
});

test('a tool that sends everything on to us gets each message once', async () => {
  const callbackUrl = Promise.withResolvers<string>();
  await using listener = await startPreviousListener(async (_at, { body }) => {
    const answer = await request(await callbackUrl.promise, { method: 'POST', body });
    await answer.body.dump();
    return answer.statusCode;
  });
  await using door = await openForwardingDoor(listener);
  callbackUrl.resolve(`${door.origin}${door.path()}`);
  for (const comment of ['first', 'second']) await door.post(text(callback({ comment })));
  await door.post('unreadable');
  await until(() => listener.taken.length === 3);
  await until(async () => (await sample(door, 'm2m_forward_backlog')) === 0);
  expect(listener.taken).toEqual(['first', 'second', 'unreadable']);
});

test('without the setting nothing is kept for forwarding', async () => {
  await using door = await openDoor();
  await door.post(text(callback()));
  await door.post('unreadable');
  expect(await sample(door, 'm2m_forward_backlog')).toBe(0);
});

async function sample(door: Door, name: string): Promise<number> {
  const metrics = await (await request(`${door.admin}/metrics`)).body.text();
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}
