import { request } from 'undici';
import { expect, test } from 'vitest';
import { openDoor } from './support/open-door.ts';
import { openLimitedDoor } from './support/open-limited-door.ts';

const BODY = '{"requestId":"of-another-tool"}';

test.each<[status: number, event: string, method: 'GET' | 'POST', path: string | null, body: string | null]>([
  [404, 'callback_path_unknown', 'POST', '/callbacks/nobody/', BODY],
  [404, 'callback_refused', 'POST', '/', BODY],
  [405, 'callback_refused', 'GET', null, null],
  [413, 'callback_refused', 'POST', null, 'x'.repeat(1_048_577)],
])(
  'a refusal with %i is counted, and is one line of the log with its reason, however often it comes',
  async (status, event, method, path, body) => {
    await using door = await openLimitedDoor({});
    for (let times = 0; times < 3; times++) {
      const answer = await request(`http://127.0.0.1:${door.port}${path ?? door.path}`, { method, body });
      await answer.body.dump();
      expect(answer.statusCode).toBe(status);
    }
    expect(await door.metric(`m2m_callbacks_refused_total{status="${status}"}`)).toBe(3);
    expect(door.log.of(event)).toMatchObject([{ level: 40, status, reason: expect.stringMatching(/\w{3}/) as string, count: 1 }]);
    expect(door.log.text()).not.toContain(door.path.split('/').at(-1));
  },
);

test('many unreadable messages of one sender are one line of the log', async () => {
  await using door = await openLimitedDoor({});
  for (const body of ['a', 'b', 'c', '[]']) {
    const answer = await request(`http://127.0.0.1:${door.port}${door.path}`, { method: 'POST', body });
    await answer.body.dump();
  }
  expect(door.log.of('callback_not_applied')).toMatchObject([
    { outcome: 'UNREADABLE', reason: 'NOT_JSON', count: 1 },
    { outcome: 'UNREADABLE', reason: 'NOT_AN_OBJECT', count: 1 },
  ]);
});

test('a HEAD, with which somebody tries the URL, is answered 405', async () => {
  await using door = await openDoor();
  expect((await request(`${door.origin}${door.path()}`, { method: 'HEAD' })).statusCode).toBe(405);
});
