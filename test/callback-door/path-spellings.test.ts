import { once } from 'node:events';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { pathOf } from '../../src/server/callbacks/callback-request.ts';
import { callback, openDoor, type Door } from './support/open-door.ts';

const GOOD = JSON.stringify(callback());

/** A client of HTTP would write the path in its own spelling, so the request is written by hand. */
async function postTo(door: Door, target: string): Promise<number> {
  const socket = connect(Number(new URL(door.origin).port), '127.0.0.1');
  socket.write(`POST ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(GOOD)}\r\n\r\n${GOOD}`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(answer.toString('latin1').split(' ')[1]);
}

const encode = (text: string, toHex = (code: number) => code.toString(16)) =>
  text.replace(/[A-Za-z0-9_-]/g, (letter) => `%${toHex(letter.charCodeAt(0)).padStart(2, '0')}`);

test.each<[what: string, spell: (path: string) => string]>([
  ['with a slash behind it', (path) => `${path}/`],
  ['with slashes behind it', (path) => `${path}///`],
  ['with doubled slashes', (path) => path.replaceAll('/', '//')],
  ['percent-encoded', (path) => encode(path)],
  ['percent-encoded in capitals', (path) => encode(path, (code) => code.toString(16).toUpperCase())],
  ['with a dot segment', (path) => path.replace('/callbacks/', '/callbacks/./')],
  ['with a dot segment at its end', (path) => `${path}/.`],
  ['with a way up', (path) => `/elsewhere/..${path}`],
  ['with a way up that is percent-encoded', (path) => `/callbacks/elsewhere/%2E%2e/${path.split('/').at(-1)}`],
  ['with a way up at its end', (path) => `${path}/elsewhere/..`],
  ['with a way up over the root', (path) => `/../..${path}`],
  ['with an empty query', (path) => `${path}?`],
  ['with a slash and a query', (path) => `${path}/?a=/callbacks/b`],
  ['with a fragment', (path) => `${path}#a`],
  ['in the absolute form', (path) => `http://gateway.example:8443${path}`],
  ['in the absolute form, of https, below a prefix', (path) => `HTTPS://user@gateway.example/m2m/${path}/`],
])('a path %s is the path', async (_what, spell) => {
  await using door = await openDoor();
  expect(await postTo(door, spell(door.path()))).toBe(200);
  expect((await door.stored()).applied).toHaveLength(1);
});

test.each<[what: string, spell: (path: string) => string]>([
  ['whose last slash is percent-encoded', (path) => path.replace('/callbacks/', '/callbacks%2f')],
  ['that is percent-encoded twice', (path) => encode(path).replaceAll('%', '%25')],
  ['with a segment behind it', (path) => `${path}/x`],
  ['that is left by a way up', (path) => `${path}/..`],
  ['that is only in the query', (path) => `/x?${path}`],
  ['that is a host', (path) => `http:/${path}`],
  ['with a blank behind it', (path) => `${path}%20`],
  ['with a parameter', (path) => `${path};a=1`],
  ['whose first part is in capitals', (path) => path.replace('callbacks', 'CALLBACKS')],
])('a path %s is another path', async (_what, spell) => {
  await using door = await openDoor();
  expect(await postTo(door, spell(door.path()))).toBe(404);
  expect(await door.stored()).toEqual({ kept: [], unclaimed: [], applied: [] });
});

test('the spelling is a path that is spelt like that already, of any target', () => {
  const part = fc.oneof(fc.constantFrom('/', '//', '.', '..', '%2e', '%2F', '%25', '%', '?', '#', ';', 'http://h'), fc.string());
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const path = pathOf(parts.join(''));
      expect(path).toMatch(/^\/(?!.*\/\/)/s);
      expect(path.split('/')).not.toContain('..');
      expect(path === '/' || !path.endsWith('/')).toBe(true);
    }),
  );
});
