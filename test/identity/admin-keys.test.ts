import { request } from 'undici';
import { expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack.ts';

const KEY = { name: 'ci', scopes: { '*': ['read'] }, grants: [], expiresAt: Date.now() + 86_400_000 };

async function post(stack: Stack, path: string, body: string, type = 'application/json') {
  const answer = await request(`${stack.gateway.urls.admin}${path}`, { method: 'POST', headers: { 'content-type': type }, body });
  return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> };
}

async function keysOf(stack: Stack): Promise<unknown> {
  return (await request(`${stack.gateway.urls.admin}/keys`)).body.json();
}

test('the admin door makes keys, shows them without secret and hash, changes and revokes them', async () => {
  await using stack = await startStack({ register: false });
  const { status, body } = await post(stack, '/keys/create', JSON.stringify(KEY), 'application/json; charset=utf-8');
  const { key, ...view } = body;
  expect({ status, key, view }).toMatchObject({
    status: 200,
    key: expect.stringMatching(/^m2m_/) as string,
    view: { ...KEY, state: 'valid' },
  });
  expect(await keysOf(stack)).toEqual([view]);
  const { id } = view;
  expect(await post(stack, '/keys/change', JSON.stringify({ id, grants: ['introspection'] }))).toEqual({
    status: 200,
    body: { ...view, grants: ['introspection'] },
  });
  expect(await post(stack, '/keys/revoke', JSON.stringify({ id }))).toMatchObject({ status: 200, body: { state: 'revoked' } });
  expect(await post(stack, '/keys/revoke', JSON.stringify({ id: 'none' }))).toMatchObject({ status: 404, body: { error: 'NOT_FOUND' } });
});

test.each([
  ['no body', '', 'the body does not have the right form'],
  ['not JSON', '{', 'the body does not have the right form'],
  ['a list', '[]', 'the body does not have the right form'],
  ['nothing', '{}', 'the body does not have the right form'],
  ['a hash of its own', JSON.stringify({ ...KEY, hash: 'x' }), 'the body does not have the right form'],
  ['an unknown scope', JSON.stringify({ ...KEY, scopes: { '*': ['root'] } }), 'does not have the right form'],
  ['an unknown grant', JSON.stringify({ ...KEY, grants: ['everything'] }), 'does not have the right form'],
  ['a time as text', JSON.stringify({ ...KEY, expiresAt: '2030-01-01' }), 'does not have the right form'],
  ['more than 16 KiB', JSON.stringify({ ...KEY, name: 'x'.repeat(16_384) }), 'longer than 16384 bytes'],
  ['a megabyte', 'x'.repeat(1_048_576), 'longer than 16384 bytes'],
])('no key is made of %s', async (_name, body, words) => {
  await using stack = await startStack({ register: false });
  expect(await post(stack, '/keys/create', body)).toMatchObject({
    status: 400,
    body: { error: 'BAD_USER_INPUT', message: expect.stringContaining(words) as string },
  });
  expect(await keysOf(stack)).toEqual([]);
});

test('a body that a web page may send without asking first is not taken', async () => {
  await using stack = await startStack({ register: false });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json5'])
    expect(await post(stack, '/keys/create', JSON.stringify(KEY), type), type).toMatchObject({
      status: 400,
      body: { message: 'Nothing was done: the body must be application/json.' },
    });
  expect(await keysOf(stack)).toEqual([]);
});
