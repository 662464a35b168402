import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { openLimitedDoor } from './support/open-limited-door.ts';

const MOST = 256;

test('of messages that come before the last was answered 256 are taken; the next is refused with 503, and its connection ends', async () => {
  const storing = Promise.withResolvers<void>();
  await using door = await openLimitedDoor({}, 'any', Infinity, storing.promise);
  const message = (number: number) => {
    const body = JSON.stringify({ requestId: `of-another-${number}`, status: 'Success' });
    return `POST ${door.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };
  const socket = connect(door.port, '127.0.0.1').on('error', () => undefined);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  const closed = once(socket, 'close');
  socket.write(Array.from({ length: MOST + 1 }, (_, number) => message(number)).join(''));
  await until(async () => (await door.metric('m2m_callbacks_refused_total{status="503"}')) === 1);
  storing.resolve();
  await closed;
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
  expect(statuses).toEqual([...Array.from({ length: MOST }, () => 200), 503]);
  expect(await door.stored()).toBe(MOST);
  expect(door.log.of('callback_refused')).toMatchObject([{ status: 503, reason: /too many messages of this connection/ }]);
});

test('a connection on which each message is answered before the next takes any number of them', async () => {
  await using door = await openLimitedDoor({});
  const socket = connect(door.port, '127.0.0.1').on('error', () => undefined);
  for (let number = 0; number <= MOST; number++) {
    const body = JSON.stringify({ requestId: `of-another-${number}`, status: 'Success' });
    socket.write(`POST ${door.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 200 /);
  }
  expect(await door.stored()).toBe(MOST + 1);
  socket.destroy();
});
