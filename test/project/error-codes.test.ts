import { readFileSync } from 'node:fs';
import { assertEnumType } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';

const PAGE = readFileSync('docs/clients.md', 'utf8');

/** The codes that a union type of the source lists. */
function codesIn(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code = '']) => code);
}

/** These reach people who run the gateway, and no client. */
const INTERNAL = new Set(['CARRIER_LOGIN_REFUSED', 'STORE_UNUSABLE', 'CONFIG_INVALID', 'LISTENER_TAKEN', 'SHUTTING_DOWN']);

test('docs/clients.md has every code of a GraphQL error and of a typed result', () => {
  const codes = [...codesIn('src/errors.ts').filter((code) => !INTERNAL.has(code)), ...codesIn('src/server/limits/refusal-errors.ts')];
  const typed = assertEnumType(schema.getType('MutationErrorCode'))
    .getValues()
    .map(({ name }) => name);
  expect(codes.length).toBeGreaterThan(15);
  expect([...codes, ...typed, 'INTERNAL_SERVER_ERROR'].filter((code) => !PAGE.includes(`\`${code}\``))).toEqual([]);
});
