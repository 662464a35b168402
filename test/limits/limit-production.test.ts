import { buildSchema, executeSync, execute, parse } from 'graphql';
import { expect, test } from 'vitest';
import { limitProduction } from '../../src/schema/limit-production.ts';
import { MAX_ANSWER_CHARACTERS, Production } from '../../src/schema/production.ts';

const SCHEMA =
  'type Query { one: Thing soon: Thing many: [Thing] words: [String] ids: ID next: Thing } type Thing { id: ID text: String one: Thing }';
const HALF = 'x'.repeat(MAX_ANSWER_CHARACTERS / 2 + 1);
const LONG = 'n'.repeat(60_000);
const MANY = Array.from({ length: 300 }, () => ({ id: '1', text: 'short' }));

function ask(text: string, values: Readonly<Record<string, unknown>>, production = new Production(1_000)) {
  const schema = buildSchema(SCHEMA);
  limitProduction(schema);
  return { production, done: execute({ schema, document: parse(text), rootValue: values, contextValue: { production } }) };
}

test('an array that stands for one object is one', () => {
  expect(ask('{ one { __typename } }', { one: [1, 2, 3] }).production.objects).toBe(1);
});

test('what comes later counts as what is there at once', async () => {
  const { production, done } = ask('{ soon { one { id } } }', { soon: Promise.resolve({ one: { id: '1' } }) });
  await done;
  expect(production.objects).toBe(2);
});

test.each<[what: string, text: string, values: Readonly<Record<string, unknown>>]>([
  ['texts', '{ a: one { text } b: one { text } }', { one: { text: HALF } }],
  ['ids', '{ a: one { id } b: one { id } }', { one: { id: HALF } }],
  ['texts in a list', '{ words }', { words: [HALF, HALF] }],
  ['names', `{ many { ${LONG}: id } }`, { many: MANY }],
  ['names in a fragment', `{ many { ...f } } fragment f on Thing { ${LONG}: id ...g } fragment g on Thing { id }`, { many: MANY }],
  ['names in a fragment without a name', `{ many { ... { ${LONG}: id } } }`, { many: MANY }],
  ['names below single objects', `{ many { one { ${LONG}: id } } }`, { many: MANY.map((one) => ({ one })) }],
])('%s count by their characters', (_what, text, values) => {
  expect(ask(text, values).production.isOver).toBe(true);
  expect(ask(text.replace(LONG, 'n'), { ...values, one: { id: '1', text: 'x' }, words: ['x', HALF] }).production.isOver).toBe(false);
});

test('names count with what stands around them in the answer', () => {
  const names = Array.from({ length: 400 }, (_, at) => `a${at}: __typename`).join(' ');
  const many = Array.from({ length: 3_000 }, () => ({}));
  expect(ask(`{ many { ${names} } }`, { many }, new Production(1e6)).production.isOver).toBe(true);
  expect(ask(`{ many { ${names} } }`, { many: many.slice(0, 100) }, new Production(1e6)).production.isOver).toBe(false);
});

test('once an execution is stopped, no further field of it runs', () => {
  let runs = 0;
  const next = () => void runs++;
  executeSync({ schema: buildSchema(SCHEMA), document: parse('{ next { id } }'), rootValue: { next } });
  expect(runs).toBe(1);
  const { production } = ask('{ many { id } next { id } }', { many: MANY, next }, new Production(100));
  expect(production.isOver).toBe(true);
  expect(runs).toBe(1);
});

test('an execution that is stopped makes one error for all the fields that fail', async () => {
  const { done } = ask('{ many { one { id } } }', { many: MANY.map((one) => ({ one })) }, new Production(310));
  const { errors = [] } = await done;
  expect(errors.length).toBeGreaterThan(100);
  expect(new Set(errors).size).toBe(1);
});
