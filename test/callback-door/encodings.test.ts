import { connect } from 'node:net';
import { once } from 'node:events';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { readMetric } from '../support/read-metric.ts';
import { callback, openDoor, type Door } from './support/open-door.ts';
import { openLimitedDoor } from './support/open-limited-door.ts';

const GOOD = Buffer.from(JSON.stringify(callback({ comment: 'activé' })));
const LIMIT = 1_048_576;
/** A gigabyte in one megabyte: members of gzip that stand behind each other are one text. */
const GIGABYTE = Buffer.concat(Array<Buffer>(63).fill(gzipSync(Buffer.alloc(16 * LIMIT), { level: 9 })));

test.each<[what: string, encoding: string | null, body: Uint8Array]>([
  ['gzip', 'gzip', gzipSync(GOOD)],
  ['gzip by its old name, in capitals', 'X-GZIP', gzipSync(GOOD)],
  ['gzip that nobody named', null, gzipSync(GOOD)],
  ['gzip, and its header says none', 'identity', gzipSync(GOOD)],
  ['gzip, and its header says deflate', 'deflate', gzipSync(GOOD)],
  ['gzip with NULs behind it', 'gzip', Buffer.concat([gzipSync(GOOD), Buffer.alloc(3)])],
  ['gzip in two members', 'gzip', Buffer.concat([gzipSync(GOOD.subarray(0, 50)), gzipSync(GOOD.subarray(50))])],
  ['deflate', 'deflate', deflateSync(GOOD)],
  ['deflate without its wrapper', 'deflate', deflateRawSync(GOOD)],
  ['Brotli', 'br', brotliCompressSync(GOOD)],
  ['Zstandard', 'zstd', zstdCompressSync(GOOD)],
  ['several codings', 'deflate, br, gzip', gzipSync(brotliCompressSync(deflateSync(GOOD)))],
  ['gzip twice, named once', 'gzip', gzipSync(gzipSync(GOOD))],
  ['a charset where the coding stands', 'UTF-8', GOOD],
  ['a charset where the coding stands, and it is another', 'ISO-8859-1', Buffer.from(GOOD.toString(), 'latin1')],
  ['a charset beside a coding', 'gzip, iso-8859-1', gzipSync(Buffer.from(GOOD.toString(), 'latin1'))],
  ['a word that nobody knows', 'none, 8bit;q=1, __proto__', GOOD],
  ...['gzip', 'deflate', 'br', 'zstd', 'gzip, br'].map((coding): [string, string, Uint8Array] => [`${coding} that is none`, coding, GOOD]),
  ['Brotli that is none, with a NUL behind it', 'br', Buffer.concat([GOOD, Buffer.alloc(1)])],
  ['deflate that is none, in UTF-16', 'deflate', Buffer.from(GOOD.toString(), 'utf16le')],
])('a message in %s is applied', async (_what, encoding, body) => {
  await using door = await openDoor();
  expect(await door.post(body, encoding === null ? {} : { 'content-encoding': encoding })).toEqual({ status: 200, body: '{}' });
  const { applied, kept } = await door.stored();
  expect({ applied: applied.map((each) => (JSON.parse(each) as { comment: string }).comment), kept }).toEqual({
    applied: ['activé'],
    kept: [],
  });
});

test.each([
  ['a coding of the transfer', 'transfer-encoding: gzip, chunked'],
  ['a coding of the transfer, and one of the content', 'content-encoding: utf-8\r\ntransfer-encoding: gzip, chunked'],
])('a message in %s is applied', async (_what, header) => {
  await using door = await openDoor();
  const body = gzipSync(GOOD);
  const socket = connect(Number(new URL(door.origin).port), '127.0.0.1');
  socket.write(`POST ${door.path()} HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n${body.length.toString(16)}\r\n`);
  socket.write(body);
  socket.write('\r\n0\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
  expect((await door.stored()).applied).toHaveLength(1);
});

test.each<[what: string, encoding: string | null, body: Uint8Array]>([
  ['a coding that nobody knows', 'compress', Buffer.from([0x1f, 0x9d, 0x90, 0x7b, 0x44, 0x88, 0xff])],
  ['gzip that was cut', 'gzip', gzipSync(GOOD).subarray(0, 60)],
  ['gzip with a false sum', 'gzip', Buffer.concat([gzipSync(GOOD).subarray(0, -8), Buffer.alloc(8, 7)])],
  ['Brotli that nobody named', null, brotliCompressSync(GOOD)],
])('a message in %s is kept with its bytes and its encoding', async (_what, encoding, body) => {
  await using door = await openDoor();
  expect((await door.post(body, encoding === null ? {} : { 'content-encoding': encoding })).status).toBe(200);
  const { applied, kept } = await door.stored();
  expect(applied).toEqual([]);
  expect(kept).toMatchObject([{ reason: 'UNREADABLE', content_type: 'application/json', content_encoding: encoding }]);
  expect(Buffer.compare(kept[0]?.body ?? Buffer.alloc(0), body)).toBe(0);
});

test('a message in more layers than anybody means is kept with those that are left', async () => {
  await using door = await openDoor();
  const layers = (count: number) => Array.from({ length: count }).reduce<Buffer>((inner) => gzipSync(inner), GOOD);
  await door.post(layers(9), { 'content-encoding': 'gzip' });
  const { applied, kept } = await door.stored();
  expect(applied).toEqual([]);
  expect(Buffer.compare(kept[0]?.body ?? Buffer.alloc(0), layers(1))).toBe(0);
});

test('an unreadable message is kept unpacked, because nobody could find the password in it else', async () => {
  await using door = await openDoor();
  const said = '{"password":"door-password", and then it was cut';
  await door.post(gzipSync(said), { 'content-encoding': 'utf-8, gzip' });
  await door.post(Buffer.from(`\ufeff${said}`, 'utf16le'));
  await door.post(Buffer.from(`\ufeff${said}`, 'utf16le').swap16());
  await door.post(said.replace('-password', '-\\u0070a&#x73;%73word'));
  const { kept } = await door.stored();
  expect(kept).toMatchObject([{ content_encoding: 'utf-8' }, { content_encoding: null }, {}, {}]);
  const texts = [kept[0]?.body, kept[1]?.body, Buffer.from(kept[2]?.body ?? []).swap16()].map((body, at) =>
    Buffer.from(body ?? []).toString(at === 0 ? 'utf8' : 'utf16le'),
  );
  expect(texts).toEqual([0, 1, 2].map((at) => `${at === 0 ? '' : '\ufeff'}${said.replace('door-password', '*'.repeat(13))}`));
  expect(Buffer.from(kept[3]?.body ?? []).toString()).toBe(said.replace('door-password', '*'.repeat(26)));
});

const BOMBS: readonly (readonly [what: string, encoding: string | null, body: Uint8Array])[] = [
  ['gzip of a gigabyte', 'gzip', GIGABYTE],
  ['gzip of a gigabyte that nobody named', null, GIGABYTE],
  ['gzip of gzip of a gigabyte', 'gzip, gzip', gzipSync(GIGABYTE)],
  ['deflate', 'deflate', deflateSync(Buffer.alloc(100 * LIMIT))],
  ['deflate without its wrapper', 'deflate', deflateRawSync(Buffer.alloc(100 * LIMIT))],
  ['Brotli', 'br', brotliCompressSync(Buffer.alloc(100 * LIMIT))],
  ['Zstandard', 'zstd', zstdCompressSync(Buffer.alloc(100 * LIMIT))],
  ['one byte over the limit', 'gzip', gzipSync(Buffer.alloc(LIMIT + 1, 32))],
];

test.each(BOMBS)('a bomb of %s is answered 413, counted and logged, and the next callback is applied', async (_what, encoding, body) => {
  await using door = await openLimitedDoor({});
  const headers = encoding === null ? {} : { 'content-encoding': encoding };
  const answer = await request(`http://127.0.0.1:${door.port}${door.path}`, { method: 'POST', headers, body });
  expect(answer.statusCode).toBe(413);
  expect(await answer.body.text()).toContain(`${LIMIT} bytes`);
  expect(await door.metric('m2m_callbacks_refused_total{status="413"}')).toBe(1);
  expect(door.log.of('callback_refused')).toMatchObject([
    { level: 40, status: 413, service: 'CarrierService', reason: expect.stringContaining('unpacked') as string, count: 1 },
  ]);
  expect(await door.stored()).toBe(0);
});

test('a message that unpacks to exactly the limit is applied', async () => {
  await using door = await openDoor();
  const body = Buffer.alloc(LIMIT, 32);
  GOOD.copy(body);
  expect((await door.post(gzipSync(body), { 'content-encoding': 'gzip' })).status).toBe(200);
  expect((await door.stored()).applied).toHaveLength(1);
});

test('forty bombs of a gigabyte at once need little memory, and callbacks between them are acknowledged', async () => {
  await using door = await openDoor();
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  const bombs = Array.from({ length: 40 }, () => door.post(GIGABYTE, { 'content-encoding': 'gzip' }));
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect((await Promise.all(bombs)).map(({ status }) => status)).toEqual(Array(40).fill(413));
  clearInterval(watch);
  // Each holds what it was sent and what it may become, here and in the sender: a few megabytes, not a thousand.
  expect(most - before).toBeLessThan(800 * LIMIT);
  expect(await refused(door)).toBe(40);
});

const refused = (door: Door) => readMetric(door.admin, 'm2m_callbacks_refused_total{status="413"}');
