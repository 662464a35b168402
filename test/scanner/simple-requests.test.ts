import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { send } from '../graphql-http/support/send.ts';
import { expectSilent } from './support/expect-silent.ts';
import { CALLERS, openScanned, type Scanned } from './support/open-scanned.ts';

/**
 * What a page of another site can have a browser send without asking first (a GET, or a POST of three content types), and
 * what servers take besides JSON: a mutation in any of them is not run, whoever's key goes along.
 */
let scanned: Scanned;
beforeAll(async () => {
  scanned = await openScanned();
});
afterAll(() => scanned[Symbol.asyncDispose]());

const BOUNDARY = 'x-boundary';
const part = (name: string, value: string) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const queryOf = (json: string) => (JSON.parse(json) as { readonly query: string }).query;

/** [what, content type, how it holds the mutation] */
const BODIES: readonly (readonly [what: string, type: string | null, body: (json: string) => string])[] = [
  ['a form', 'application/x-www-form-urlencoded', (json) => `query=${encodeURIComponent(queryOf(json))}`],
  ['a form with a charset', 'application/x-www-form-urlencoded; charset=utf-8', (json) => `query=${encodeURIComponent(queryOf(json))}`],
  ['a form that is JSON', 'application/x-www-form-urlencoded', (json) => json],
  ['a multipart form', `multipart/form-data; boundary=${BOUNDARY}`, (json) => `${part('query', queryOf(json))}--${BOUNDARY}--\r\n`],
  [
    'an upload as of graphql-upload',
    `multipart/form-data; boundary=${BOUNDARY}`,
    (json) => `${part('operations', json)}${part('map', '{"0":["variables.file"]}')}${part('0', 'x')}--${BOUNDARY}--\r\n`,
  ],
  ['plain text that is JSON', 'text/plain', (json) => json],
  ['plain text that says it is JSON', 'text/plain; application/json', (json) => json],
  ['two types', 'application/json, text/plain', (json) => json],
  ['a document', 'application/graphql', queryOf],
  ['a document with a charset', 'application/graphql; charset=utf-8', queryOf],
  ['an answer', 'application/graphql-response+json', (json) => json],
  ['JSON of another name', 'text/json', (json) => json],
  ['JSON of a kind', 'application/vnd.api+json', (json) => json],
  ['JSON by lines', 'application/x-ndjson', (json) => json],
  ['YAML', 'application/yaml', (json) => json],
  ['no type', null, (json) => json],
  ['an empty type', '', (json) => json],
  ['any type', '*/*', (json) => json],
];

describe.each(CALLERS)('with the key of the caller who is %s', (caller) => {
  const headersOf = (more: Readonly<Record<string, string | null>>) => {
    const all = { ...more, authorization: scanned.authorization[caller] };
    return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
  };

  test.each(BODIES)('a POST of %s is answered 415', async (_what, type, body) => {
    const answer = await send(scanned.url, body(scanned.activation), { headers: headersOf({ 'content-type': type }) });
    expect([answer.status, codeOf(answer.body)]).toEqual([415, 'BAD_REQUEST']);
    expectSilent(answer);
    await scanned.expectUntouched();
  });

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)('a %s is answered 405', async (method) => {
    const query = queryOf(scanned.activation);
    for (const search of [
      `?query=${encodeURIComponent(query)}`,
      `?query=${encodeURIComponent(query)}&_method=POST`,
      `?documentId=x&extensions=${encodeURIComponent('{"persistedQuery":{"version":1,"sha256Hash":"x"}}')}`,
    ]) {
      const headers = headersOf({ accept: 'application/json', 'x-http-method-override': 'POST', 'x-apollo-operation-name': 'x' });
      const answer = await send(`${scanned.url}${search}`, undefined, { method, headers });
      expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST']);
      expectSilent(answer);
    }
    await scanned.expectUntouched();
  });

  test('a query in the URL of a POST is not looked at', async () => {
    const url = `${scanned.url}?query=${encodeURIComponent(queryOf(scanned.activation))}`;
    const answer = await send(url, '{}', { headers: headersOf({ 'content-type': 'application/json' }) });
    expect(answer.status).toBe(caller === 'stranger' ? 401 : 400);
    expectSilent(answer);
    await scanned.expectUntouched();
  });

  test.each(['https://evil.example', 'null', 'http://127.0.0.1', 'http://localhost:3000'])(
    'a page of %s is answered 403, whatever it sends and however',
    async (origin) => {
      for (const [, type, body] of [...BODIES, ['JSON', 'application/json', (json: string) => json] as const]) {
        const answer = await send(scanned.url, body(scanned.activation), { headers: headersOf({ 'content-type': type, origin }) });
        expect([answer.status, codeOf(answer.body)]).toEqual([403, 'FORBIDDEN']);
        expectSilent(answer);
      }
      for (const method of ['GET', 'HEAD', 'OPTIONS'] as const) {
        const headers = headersOf({ origin, 'access-control-request-method': 'POST' });
        const answer = await send(`${scanned.url}?query=%7B__typename%7D`, undefined, { method, headers });
        expect(answer.status).toBe(403);
        expectSilent(answer);
      }
      await scanned.expectUntouched();
    },
  );

  test('a page of its own origin has no other way either', async () => {
    const { origin } = new URL(scanned.url);
    for (const [, type, body] of BODIES) {
      const answer = await send(scanned.url, body(scanned.activation), { headers: headersOf({ 'content-type': type, origin }) });
      expect(answer.status).toBe(415);
    }
    expect((await send(`${scanned.url}?query=%7B__typename%7D`, undefined, { method: 'GET', headers: headersOf({ origin }) })).status).toBe(
      405,
    );
    await scanned.expectUntouched();
  });
});

test('the same mutation as JSON, with a key, would have been run', async () => {
  await using other = await openScanned();
  const headers = { 'content-type': 'application/json', authorization: other.authorization.plain ?? '' };
  expect(await send(other.url, other.activation, { headers })).toMatchObject({
    status: 200,
    body: { data: { activateDevices: { __typename: 'ActivateDevicesAccepted' } } },
  });
});

function codeOf(body: unknown): unknown {
  return (body as { errors?: { extensions?: { code?: unknown } }[] } | undefined)?.errors?.[0]?.extensions?.code;
}
