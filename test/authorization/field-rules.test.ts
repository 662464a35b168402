import { isInterfaceType, isObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { GRANTS, SCOPES } from '../../src/resolvers/access/caller.ts';
import { fieldRule } from '../../src/schema/rules.ts';
import { schema } from '../../src/schema/index.ts';

const FIELDS = Object.values(schema.getTypeMap())
  .filter((type) => !type.name.startsWith('__') && (isObjectType(type) || isInterfaceType(type)))
  .flatMap((type) => Object.keys(isObjectType(type) || isInterfaceType(type) ? type.getFields() : {}).map((field) => [type.name, field]));

test('every field of the graph has a rule', () => {
  expect(FIELDS.length).toBeGreaterThan(150);
  expect(FIELDS.filter(([type = '', field = '']) => fieldRule(schema, type, field) === null)).toEqual([]);
});

test('only the fields that lead into the graph ask for a scope, all but the one by which a caller asks for itself', () => {
  const roots = ['Query', 'Mutation', 'Subscription'];
  for (const [type = '', field = ''] of FIELDS) {
    const rule = fieldRule(schema, type, field);
    const isScope = SCOPES.some((scope) => scope === rule);
    expect([type, field, isScope]).toEqual([type, field, roots.includes(type) && `${type}.${field}` !== 'Query.viewer']);
    if (type === 'Mutation') expect(['write', 'terminate', 'admin'], field).toContain(rule);
  }
});

test('a secret of a device needs a grant wherever it stands: as a field of its own, and inside a whole message', () => {
  const secret = FIELDS.filter(([type = '', field = '']) => typeof fieldRule(schema, type, field) === 'object').map((names) =>
    names.join('.'),
  );
  expect(secret.toSorted()).toEqual([
    'DeadLetter.body',
    'DeviceCredential.password',
    'DeviceCredential.username',
    'DeviceOutcome.activationCode',
    'DeviceOutcome.deviceCredential',
  ]);
  for (const [type = '', field = ''] of FIELDS) {
    const rule = fieldRule(schema, type, field);
    if (typeof rule === 'object') expect(GRANTS).toEqual(expect.arrayContaining([...(rule ?? [])]));
    else if (type !== 'Mutation') expect(field).not.toMatch(/credential|activationCode|password|secret|token/i);
  }
});

test.each([
  ['Request', 'invented'],
  ['Invented', 'id'],
  ['Request', 'constructor'],
  ['constructor', 'name'],
])('%s.%s has no rule', (type, field) => {
  expect(fieldRule(schema, type, field)).toBeNull();
});
