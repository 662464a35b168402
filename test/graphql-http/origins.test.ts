import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { send } from './support/send.ts';

const APP = 'https://app.example.com';
const QUERY = '{"query":"{ requests { nodes { id } } }"}';
const FOREIGN = [
  'https://evil.example',
  `${APP}.evil.example`,
  'https://evil-app.example.com',
  'http://app.example.com',
  `${APP}:8443`,
  `${APP}/`,
  `${APP}, https://evil.example`,
  'null',
  '*',
  '',
  'file://',
] as const;

let executed = 0;
let doors: Awaited<ReturnType<typeof openGraphqlDoors>>;
/** Without an allow-list. */
let closed: Awaited<ReturnType<typeof openGraphqlDoors>>;

beforeAll(async () => {
  doors = await openGraphqlDoors({
    origins: [APP],
    faulty: (log) => {
      const list = log.list.bind(log);
      log.list = (...args) => {
        executed++;
        return list(...args);
      };
      return log;
    },
  });
  closed = await openGraphqlDoors();
});
afterAll(async () => {
  await doors[Symbol.asyncDispose]();
  await closed[Symbol.asyncDispose]();
});

const cors = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

const preflight = (url: string, origin: string) =>
  send(url, undefined, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' },
  });

const post = (url: string, headers: Record<string, string>) =>
  send(url, QUERY, { headers: { 'content-type': 'application/json', ...headers } });

describe('a page of an allowed origin', () => {
  test('is told by the preflight what it may send, for itself alone and without cookies', async () => {
    const answer = await preflight(doors.url, APP);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers['vary']).toBe('Origin');
    expect(cors(answer)).toEqual({
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type, *',
      'access-control-expose-headers': 'retry-after',
      'access-control-max-age': '600',
    });
  });

  test('may read its answer, whatever it is', async () => {
    const before = executed;
    const answers = [
      await post(doors.url, { origin: APP }),
      await post(doors.url, { origin: APP, accept: 'text/event-stream' }),
      await post(doors.url, { origin: APP, 'content-type': 'text/plain' }),
      await send(doors.url, undefined, { method: 'GET', headers: { origin: APP } }),
      await send(`${doors.url}/elsewhere`, QUERY, { headers: { origin: APP, 'content-type': 'application/json' } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 415, 405, 404]);
    for (const answer of answers) {
      expect(answer.headers['vary']).toBe('Origin');
      expect(cors(answer)).toEqual({ 'access-control-allow-origin': APP, 'access-control-expose-headers': 'retry-after' });
    }
    expect(executed - before).toBe(2);
  });
});

test.each(FOREIGN)('a page of origin "%s" is refused: its preflight without a CORS header, its POST without being run', async (origin) => {
  const before = executed;
  for (const { url } of [doors, closed]) {
    const answers = [
      await preflight(url, origin),
      await post(url, { origin }),
      await post(url, { origin, authorization: 'Bearer m2m_something' }),
      await post(url, { origin, accept: 'text/event-stream' }),
      await send(url, undefined, { method: 'GET', headers: { origin } }),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 403, body: { errors: [{ extensions: { code: 'FORBIDDEN' } }] } });
      expect(cors(answer)).toEqual({});
    }
  }
  expect(executed).toBe(before);
});

test('a page of the gateway itself needs no list, also behind a proxy that ends TLS', async () => {
  const own = new URL(closed.url).origin;
  for (const origin of [own, own.replace('http:', 'https:')]) {
    const answer = await post(closed.url, { origin });
    expect(answer.status).toBe(200);
    expect(cors(answer)).toEqual({});
  }
});

test('a client that is no browser sends no origin, and gets no CORS headers', async () => {
  for (const { url } of [doors, closed]) {
    const answer = await post(url, {});
    expect(answer.status).toBe(200);
    expect(cors(answer)).toEqual({});
  }
});

test('OPTIONS without an origin is no preflight: 405', async () => {
  for (const { url } of [doors, closed]) {
    const answer = await send(url, undefined, { method: 'OPTIONS' });
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST']);
    expect(cors(answer)).toEqual({});
  }
});

test('a preflight of another path or host is refused', async () => {
  expect((await preflight(`${doors.url}/elsewhere`, APP)).status).toBe(404);
  const headers = { origin: APP, host: 'evil.example', 'access-control-request-method': 'POST' };
  expect((await send(doors.url, undefined, { method: 'OPTIONS', headers })).status).toBe(421);
});
