import { expect, test } from 'vitest';
import { CANARIES } from './canaries.ts';
import { coreOf } from './support/canary.ts';
import { Evidence } from './support/evidence.ts';
import { CanarySearch } from './support/find-canaries.ts';

const PIECE = 'qTh1sIsIt';
const letters = (write: (code: number) => string) => Array.from(PIECE, (letter) => write(letter.charCodeAt(0))).join('');
const hex = (code: number) => code.toString(16);

const FORMS: readonly (readonly [form: string, written: string | Buffer])[] = [
  ['as it is', PIECE],
  ['in other letters', PIECE.toUpperCase()],
  ['in JSON', JSON.stringify({ text: `"${PIECE}\\` })],
  ['in JSON escapes', letters((code) => `\\u00${hex(code)}`)],
  ['in a URL', encodeURIComponent(`?a=${PIECE}&`)],
  ['percent-encoded', letters((code) => `%${hex(code).toUpperCase()}`)],
  ['in hex', Buffer.from(`--${PIECE}`).toString('hex').toUpperCase()],
  ['in XML references', letters((code) => `&#${code};`)],
  ['in XML references in hex', letters((code) => `&#x${hex(code)};`)],
  ['in UTF-16', Buffer.from(PIECE, 'utf16le')],
  ['in big-endian UTF-16', Buffer.from(PIECE, 'utf16le').swap16()],
  ['in base64 of UTF-16', Buffer.from(PIECE, 'utf16le').toString('base64')],
  ...['', '-', '--'].flatMap((before): [string, string][] => [
    [`in base64 after ${before.length} bytes`, Buffer.from(`${before}${PIECE}~~~`).toString('base64')],
    [`in base64url after ${before.length} bytes`, Buffer.from(`${before}${PIECE}~~~`).toString('base64url')],
  ]),
];

test.each(FORMS)('a marker is found %s', (_form, written) => {
  const search = new CanarySearch([
    { name: 'it', piece: Buffer.from(PIECE) },
    { name: 'another', piece: Buffer.from('qNot7here') },
  ]);
  const haystack = Buffer.concat([Buffer.from('before '), Buffer.from(written), Buffer.from(' behind')]);
  const found = search.in(haystack);
  expect(found.map(({ name }) => name)).toContain('it');
  expect(found.map(({ name }) => name)).not.toContain('another');
});

test('a key is found as the bytes it is, in hex and in base64', () => {
  const piece = Buffer.from('00ff10aa7c5d020d0a', 'hex');
  const search = new CanarySearch([{ name: 'key', piece }]);
  for (const written of [piece, piece.toString('hex'), piece.toString('base64'), piece.toString('base64url')])
    expect(search.in(Buffer.concat([Buffer.alloc(3), Buffer.from(written)]))).not.toEqual([]);
});

test('half of a marker is enough, and what resembles one is none', () => {
  const evidence = new Evidence();
  const core = coreOf('devicePassword');
  evidence.note('output', 'a line that was cut', `… ${core.slice(0, 8)}`);
  evidence.note('metrics', 'a line that begins late', `${core.slice(8)} …`);
  evidence.note('refusals', 'another', core.split('').toReversed().join(''));
  evidence.note('owner', 'who may see it', core);
  expect(evidence.leaks()).toEqual([
    expect.stringMatching(/^devicePassword in output: a line that was cut/),
    expect.stringMatching(/^devicePassword in metrics: a line that begins late/),
  ]);
});

test('a marker that never went in, or went in another way than the table says, is missing', () => {
  const evidence = new Evidence();
  const missing = () => evidence.missing('trips').map((line) => line.split(' ')[0]);
  expect(missing()).toContain('lastName');
  expect(missing()).toContain('apiKeyOfOwner');
  evidence.witness('gateway answered', coreOf('lastName'));
  expect(missing()).toContain('lastName');
  evidence.witness('carrier heard', coreOf('lastName'));
  expect(missing()).not.toContain('lastName');
});

test('the table has markers of every class, each its own, and none may show everywhere', () => {
  const all = [...CANARIES.values()];
  expect(all.length).toBeGreaterThan(100);
  expect(new Set(all.flatMap(({ pieces }) => pieces.map((piece) => piece.toString('hex')))).size).toBe(
    all.reduce((sum, { pieces }) => sum + pieces.length, 0),
  );
  for (const { may } of all) for (const place of ['output', 'metrics', 'spans'] as const) expect(may).not.toContain(place);
});
