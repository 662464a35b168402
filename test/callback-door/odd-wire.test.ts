import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { readMetric } from '../support/read-metric.ts';
import { callback, openDoor, type Door } from './support/open-door.ts';

const GOOD = JSON.stringify(callback());
const LENGTH = `content-length: ${Buffer.byteLength(GOOD)}\r\n`;
const CHUNK = `${GOOD.length.toString(16)}\r\n${GOOD}\r\n`;
const NOTHING = { kept: [], unclaimed: [], applied: [] };

const whenClosed = () => false;

/** What the door sends until the answer is complete or the connection is closed. */
async function answerTo(door: Door, text: string, isComplete = (received: string) => received.includes('\r\n\r\n')): Promise<string> {
  const socket = connect(Number(new URL(door.origin).port), '127.0.0.1');
  const closed = once(socket, 'close');
  let received = '';
  const complete = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (isComplete(received)) resolve();
    });
  });
  socket.on('error', () => undefined);
  socket.write(text);
  await Promise.race([complete, closed]);
  socket.destroy();
  return received;
}

test.each([
  ['without a Host', LENGTH],
  ['with an expectation nobody knows', `host: x\r\nexpect: 200-ok\r\n${LENGTH}`],
  ['that offers HTTP/2', `host: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAAA\r\n${LENGTH}`],
  ['with an empty Content-Encoding', `host: x\r\ncontent-encoding:\r\n${LENGTH}`],
  ['whose Content-Encoding is none', `host: x\r\ncontent-encoding: Identity\r\ncontent-encoding: identity\r\n${LENGTH}`],
])('a callback %s is taken, because it may never come again', async (_what, headers) => {
  await using door = await openDoor();
  expect(await answerTo(door, `POST ${door.path()} HTTP/1.1\r\n${headers}\r\n${GOOD}`)).toMatch(/^HTTP\/1\.1 200 /);
  expect((await door.stored()).applied).toHaveLength(1);
});

test('a callback over HTTP/1.0 is taken, and its connection ends with the answer', async () => {
  await using door = await openDoor();
  expect(await answerTo(door, `POST ${door.path()} HTTP/1.0\r\n${LENGTH}\r\n${GOOD}`, whenClosed)).toMatch(/^HTTP\/1\.1 200 [^]*\{\}$/);
  expect((await door.stored()).applied).toHaveLength(1);
});

test.each([
  ['chunks before a length, a whole callback behind them', `content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two lengths', `content-length: 0\r\n${LENGTH}\r\n`],
  ['a list of lengths', `content-length: 0, ${GOOD.length}\r\n\r\n`],
  ['a length with a sign', `content-length: +${GOOD.length}\r\n\r\n`],
  ['chunks that are not the last coding', `transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['a coding that only looks like chunks', `transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['a chunk that is longer than it says', `transfer-encoding: chunked\r\n\r\n5\r\n${GOOD}\r\n0\r\n\r\n`],
  ['another length behind its chunks', `transfer-encoding: chunked\r\n\r\n${CHUNK}0\r\ncontent-length: 9\r\n\r\n`],
  ['a folded header', `x: a\r\n\ttransfer-encoding: chunked\r\n : b\r\n\r\n`],
])('a request with %s is answered 400 and counted; nothing of it or of its hidden request is stored', async (_what, odd) => {
  await using door = await openDoor();
  const hidden = `POST ${door.path()} HTTP/1.1\r\nhost: x\r\n${LENGTH}\r\n${GOOD}`;
  expect(await answerTo(door, `POST ${door.path()} HTTP/1.1\r\nhost: x\r\n${odd}${hidden}`, whenClosed)).toMatch(
    /^HTTP\/1\.1 400 [^]*\r\n\r\n$/,
  );
  expect(await readMetric(door.admin, 'm2m_callbacks_refused_total{status="400"}')).toBe(1);
  expect(await door.stored()).toEqual(NOTHING);
});

test('many pipelined callbacks on one connection are answered in order, and each acknowledged one is stored', async () => {
  await using door = await openDoor();
  const bodies = Array.from({ length: 60 }, (_, at) =>
    at % 3 === 1 ? 'x'.repeat(40) : JSON.stringify(callback({ requestId: `pipelined-${at}` })),
  );
  const requests = bodies.map((body, at) => {
    const path = at % 3 === 2 ? '/callbacks/nobody' : door.path();
    return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  });
  const answers = await answerTo(
    door,
    requests.join(''),
    (received) => received.split('HTTP/1.1').length > bodies.length && received.endsWith('0\r\n\r\n'),
  );
  expect([...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))).toEqual(
    bodies.map((_, at) => (at % 3 === 2 ? 404 : 200)),
  );
  const { unclaimed, kept } = await door.stored();
  expect(unclaimed.map((row) => row.carrier_request_id)).toEqual(Array.from({ length: 20 }, (_, at) => `pipelined-${at * 3}`));
  expect(kept).toHaveLength(1);
});
