import { expect, test } from 'vitest';
import { callback, DEVICE, openDoor } from './support/open-door.ts';

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const legacy = (inner: string) => `<CallbackRequest><RequestId>of-another-tool</RequestId>${inner}</CallbackRequest>`;

test.each([
  ['a password nested 200,000 deep', `{"requestId":"x","username":"door-user","password":${deep(200_000)}}`],
  ['a username nested 200,000 deep', `{"requestId":"x","username":${deep(200_000)},"password":"door-password"}`],
])('%s is wrong, and its message becomes a dead letter', async (_what, body) => {
  await using door = await openDoor();
  expect(await door.post(body)).toEqual({ status: 200, body: '{}' });
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  const { kept, unclaimed, applied } = await door.stored();
  expect(kept).toMatchObject([{ reason: 'QUARANTINED' }]);
  expect(kept[0]?.body).toHaveLength(body.length);
  expect({ unclaimed, applied }).toEqual({ unclaimed: [], applied: [] });
});

test('a message of 1 MiB of identifiers settles its device like any other, and holds up nothing after it', async () => {
  await using door = await openDoor();
  const imeis = Array.from({ length: 13_000 }, (_, at) => ({ kind: 'imei', id: String(10_000_000_000_000 + at) }));
  const iccid = { kind: 'iccid', id: DEVICE };
  const deviceResponse = { activateResponse: { deviceIds: imeis.map(({ id }) => ({ kind: 'IMEI', id })) } };
  expect((await door.post(JSON.stringify(callback({ deviceIds: [iccid, ...imeis], deviceResponse })))).status).toBe(200);
  // It names no known device, but has identifiers of one. So every later callback tries it again.
  const odd = callback({ deviceIds: [{ kind: 'iccid', id: '89148000000000009999' }, ...imeis] });
  expect((await door.post(JSON.stringify(odd))).status).toBe(200);
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect(await door.outcome()).toMatchObject({ status: 'SUCCEEDED' });
  const { applied } = await door.stored();
  expect(applied).toHaveLength(2);
  for (const message of applied) expect(message).toContain('"10000000012999"');
});

test.each([
  ['entities that double ten times', `<!DOCTYPE b [${entities(10)}]>${legacy('<Comment>&e10;</Comment>')}`],
  ['an entity that is a file', `<!DOCTYPE b [<!ENTITY e SYSTEM "file:///etc/passwd">]>${legacy('<Comment>&e;</Comment>')}`],
  ['an entity that is a parameter', `<!DOCTYPE b [<!ENTITY % e SYSTEM "http://127.0.0.1:9/">%e;]>${legacy('')}`],
  ['a DTD of any case', `<!doctype b>${legacy('')}`],
  ['tags 100,000 deep', legacy(`${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`)],
  ['a tag that is a prototype', legacy('<__proto__><isAdmin>yes</isAdmin></__proto__>')],
])('XML with %s becomes a dead letter unread', async (_what, body) => {
  await using door = await openDoor();
  expect((await door.post(body, { 'content-type': 'text/xml' })).status).toBe(200);
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect('isAdmin' in {}).toBe(false);
  const { kept, unclaimed } = await door.stored();
  expect(kept).toMatchObject([{ reason: 'UNREADABLE', content_type: 'text/xml' }]);
  expect(Buffer.from(kept[0]?.body ?? []).toString()).toBe(body);
  expect(unclaimed).toEqual([]);
});

test('names that every JavaScript object has are ordinary fields', async () => {
  await using door = await openDoor();
  const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
  const fields = names.map((name) => `"${name}":{"prototype":{"isAdmin":true}}`).join(',');
  expect((await door.post(`{"requestId":"of-another-tool","__proto__":{"username":"x","isAdmin":true},${fields}}`)).status).toBe(200);
  expect('isAdmin' in {}).toBe(false);
  const { unclaimed } = await door.stored();
  expect(Object.keys(JSON.parse(unclaimed[0]?.message ?? '{}') as object)).toEqual(['requestId', '__proto__', ...names]);
});

test('a callback that is sent 2,000 times, and again with another count, is stored once', async () => {
  await using door = await openDoor();
  for (let from = 0; from < 2_000; from += 100) {
    const again = Array.from({ length: 100 }, (_, at) => door.post(JSON.stringify(callback({ callbackCount: from + at }))));
    expect((await Promise.all(again)).filter(({ status }) => status !== 200)).toEqual([]);
  }
  const { applied, kept, unclaimed } = await door.stored();
  expect([applied.length, kept.length, unclaimed.length]).toEqual([1, 0, 0]);
});

function entities(count: number): string {
  const doubled = Array.from({ length: count }, (_, at) => `<!ENTITY e${at + 1} "&e${at};&e${at};">`);
  return `<!ENTITY e0 "lol">${doubled.join('')}`;
}
