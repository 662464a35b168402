import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
let guarded: Stack;
let key: TestKey;

beforeAll(async () => {
  stack = await startStack({ register: false });
  guarded = await startStack({ register: false, env: { M2M_AUTH: 'on' } });
  key = await makeKey(guarded.gateway, { scopes: { '*': ['read'] }, grants: ['introspection'] });
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await guarded[Symbol.asyncDispose]();
});

/** The audit suite of the GraphQL-over-HTTP working group, over real HTTP. */
const AUDITS = serverAudits({ url: () => stack.gateway.urls.graphql });
/** The same by a caller who says who it is, and may introspect. */
const GUARDED_AUDITS = serverAudits({
  url: () => guarded.gateway.urls.graphql,
  fetchFn: (url: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), authorization: key.authorization } }),
});

/** What the specification leaves open (MAY) and this gateway does not do, by the audit's id. */
const DECLINED = new Map([
  ['5A70', 'GET is not taken: a foreign page can make a browser send one without asking'],
  ['D6D5', 'GET is not taken'],
  ['6A70', 'GET is not taken'],
]);

describe.each([
  ['without authentication', AUDITS],
  ['for a caller who may introspect', GUARDED_AUDITS],
])('GraphQL over HTTP %s', (_who, audits) => {
  test.each(audits.filter(({ id }) => !DECLINED.has(id)))('$id $name', async ({ id, name, fn }) => {
    expect(await fn()).toEqual({ id, name, status: 'ok' });
  });
});

describe('left out on purpose', () => {
  test.each(AUDITS.flatMap((audit) => (DECLINED.has(audit.id) ? [{ ...audit, reason: DECLINED.get(audit.id) }] : [])))(
    '$id $name: $reason',
    async ({ fn }) => {
      const result = await fn();
      expect(result).toMatchObject({ status: 'notice', response: { status: 405 } });
      if (result.status !== 'ok') await result.response.body?.cancel();
    },
  );

  test('nothing that a server must or should do', () => {
    const required = AUDITS.filter(({ name }) => /^(?:MUST|SHOULD)\b/.test(name)).map(({ id }) => id);
    expect(required.length).toBeGreaterThan(30);
    expect(required.filter((id) => DECLINED.has(id))).toEqual([]);
    expect([...DECLINED.keys()].filter((id) => !AUDITS.some((audit) => audit.id === id))).toEqual([]);
  });
});
