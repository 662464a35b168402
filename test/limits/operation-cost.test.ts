import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema,
  executeSync,
  getIntrospectionQuery,
  Kind,
  parse,
  type DocumentNode,
  type GraphQLObjectType,
  type OperationDefinitionNode,
} from 'graphql';
import { describe, expect, test, vi } from 'vitest';
import { VARIABLES } from '../../src/config/config-variables.ts';
import { schema } from '../../src/schema/index.ts';
import { atMost, OF_PAGE } from '../../src/schema/list-sizes.ts';
import { operationCost } from '../../src/server/limits/operation-cost.ts';

const STOP_AT = 1_000_000;
const MAX_COST = Number(VARIABLES.maxCost.fallback);

/** What the last operation of a document costs. */
function cost(text: string | DocumentNode, variables: Readonly<Record<string, unknown>> = {}, stopAt = STOP_AT, of = schema): number {
  const document = typeof text === 'string' ? parse(text) : text;
  const operation = document.definitions.findLast(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  if (!operation) throw new Error('The document has no operation.');
  return operationCost(of, document, operation, variables, stopAt);
}

describe('objects count, scalars do not', () => {
  test.each([
    ['{ __typename }', 0],
    ['{ request(id: 1) { id status createdAt } }', 1],
    ['{ request(id: 1) { progress { total } } }', 2],
    ['{ a: request(id: 1) { id } b: request(id: 2) { id } }', 2],
    ['{ request(id: 1) { id } request(id: 1) { id } }', 2],
    ['{ request(id: 1) @skip(if: true) { progress @include(if: false) { total } } }', 2],
    ['{ node(id: 1) { ... on Request { progress { total } } ... on DeviceOutcome { nidd { status } } } }', 3],
    ['{ node(id: 1) { ...f } } fragment f on Node { ... on Request { ...g } } fragment g on Request { progress { total } }', 2],
    ['query A { requests { nodes { id } } } query B { request(id: 1) { id } }', 1],
  ])('%s costs %i', (text, expected) => expect(cost(text)).toBe(expected));
});

describe('a list counts its page, or its declared size where it has none', () => {
  test.each([
    ['{ requests { nodes { id } } }', 101],
    ['{ requests(first: 7) { nodes { id } } }', 8],
    ['{ requests(first: 7) { edges { node { id } } pageInfo { hasNextPage } } }', 16],
    ['{ requests(first: 7) { ...f ... { ...f } } } fragment f on RequestConnection { nodes { id } }', 15],
    ['{ request(id: 1) { carrierRequests { error { code } } } }', 1 + 100 * 2],
    ['{ request(id: 1) { carrierRequests(first: 3) { error { code } } } }', 1 + 3 * 2],
    ['{ request(id: 1) { actions { allowed } } }', 1 + 4],
    ['{ request(id: 1) { faultCounts { code } } }', 1 + 100],
    ['{ request(id: 1) { outcomes(first: 1) { nodes { deviceIds { value } requested { value } } } } }', 1 + 1 + 1 + 12 + 10],
    ['{ request(id: 1) { retries(first: 5) { nodes { retries(first: 5) { nodes { id } } } } } }', 1 + 1 + 5 * (1 + 1 + 5)],
    ['{ request(id: 1) { retries { nodes { id } } } }', 1 + 1 + 100],
    ['{ requests(first: 10) { nodes { outcomes(first: 20) { nodes { deviceIds { value } } } } } }', 1 + 10 * (1 + 1 + 20 * (1 + 12))],
    ['{ requests(first: 1000) { nodes { outcomes(first: 1000) { nodes { id } } } } }', 1 + 1000 * (1 + 1 + 1000)],
    ['subscription { requestStatus(requestId: 1) { outcomes { id } request { progress { total } } } }', 103],
    ['subscription { requestStatus(requestId: 1, batchSize: 7) { outcomes { deviceIds { value } } } }', 1 + 7 * (1 + 12)],
  ])('%s costs %i', (text, expected) => expect(cost(text)).toBe(expected));

  const paged = 'query ($first: Int) { requests(first: $first) { nodes { id } } }';
  const withDefault = 'query ($first: Int = 30) { requests(first: $first) { nodes { id } } }';
  test.each([
    ['a variable', paged, { first: 50 }, 51],
    ['the default of a variable', withDefault, {}, 31],
    ['a variable with a default', withDefault, { first: 2 }, 3],
    ['a variable that is left out', paged, {}, 101],
    ['null', paged, { first: null }, 101],
    ['null in place of the default of a variable', withDefault, { first: null }, 101],
    ['null in the text', paged.replace('$first)', 'null)'), {}, 101],
    ['a default of null', withDefault.replace('30', 'null'), {}, 101],
    ['a variable that is named like a property of every object', paged.replaceAll('$first', '$constructor'), { constructor: 1_000 }, 1_001],
    ['a variable that is named like a prototype', paged.replaceAll('$first', '$__proto__'), JSON.parse('{"__proto__": 1000}'), 1_001],
    ['the default of such a variable', withDefault.replaceAll('$first', '$toString'), {}, 31],
    ['a variable beside one that does not fit', paged.replace('($', '($id: ID!, $'), { first: 50 }, 51],
    ['more than any resolver takes', paged, { first: 2_147_483_647 }, 1_001],
    ['0', paged, { first: 0 }, 101],
    ['less than 0', paged, { first: -5 }, 101],
    ['no number', paged, { first: '7' }, 101],
    ['no whole number', paged, { first: 7.5 }, 101],
  ])('a page size of %s', (_what, text, variables, expected) => expect(cost(text, variables)).toBe(expected));

  test('the default of the argument stands for a variable that is left out, and for no other', () => {
    const follow = 'subscription ($size: Int = 7) { requestStatus(requestId: 1, batchSize: $size) { outcomes { id } } }';
    expect(cost(follow)).toBe(1 + 7);
    expect(cost(follow.replace(' = 7', ''))).toBe(1 + 100);
    expect(cost(follow, { size: 1_000 })).toBe(1 + 1_000);
  });

  test('a list without a size counts as infinite', () => {
    const open = buildSchema('type Query { things: [Thing] } type Thing { id: ID things: [Thing] }');
    expect(cost('{ things { id } }', {}, STOP_AT, open)).toBe(Infinity);
  });

  test.each([
    ['at the top', '{ pages { id } }'],
    ['below an object', '{ thing { pages { id } } }'],
    ['below a list of another size', '{ things { pages { id } } }'],
  ])('a list of a page counts as infinite where no page has a size: %s', (_where, text) => {
    const open = buildSchema('type Query { pages: [Thing] thing: Thing things: [Thing] } type Thing { id: ID pages: [Thing] }');
    const { pages, things } = open.getQueryType()?.getFields() ?? {};
    Object.assign(pages ?? {}, { extensions: OF_PAGE });
    Object.assign(things ?? {}, { extensions: atMost(3) });
    Object.assign((open.getType('Thing') as GraphQLObjectType).getFields()['pages'] ?? {}, { extensions: OF_PAGE });
    expect(cost(text, {}, STOP_AT, open)).toBe(Infinity);
  });
});

describe('every item of a list that is given counts', () => {
  const devices = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      deviceIds: [
        { kind: 'ICCID', value: `${at}` },
        { kind: 'IMEI', value: `${at}` },
      ],
    }));
  const activate = 'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }';
  const twice =
    'mutation ($input: ActivateDevicesInput!) { a: activateDevices(input: $input) { __typename } b: activateDevices(input: $input) { __typename } }';
  const filtered =
    'query ($status: [OutcomeStatus!], $one: OutcomeStatus = FAILED) { request(id: 1) { outcomes(first: 1, status: STATUS) { pageInfo { endCursor } } } }';
  const outcomes = (status: string) => filtered.replace('STATUS', status);
  test.each([
    ['in a variable, with the lists in it', activate, { input: { target: { devices: devices(3) } } }, 1 + 3 + 6],
    ['each time a field takes it', twice, { input: { target: { devices: devices(3) } } }, 2 * (1 + 3 + 6)],
    [
      'in a literal',
      'mutation { activateDevices(input: { target: { devices: [{ deviceIds: [{ value: "1" }] }, {}] } }) { __typename } }',
      {},
      1 + 2 + 1,
    ],
    [
      'in a variable within a literal',
      'mutation ($devices: [ActivateDeviceInput!]!) { activateDevices(input: { target: { devices: $devices } }) { __typename } }',
      { devices: devices(4) },
      1 + 4 + 8,
    ],
    ['of scalars', outcomes('[FAILED, PENDING, OVERDUE]'), {}, 3 + 3],
    ['of scalars in a variable', outcomes('$status'), { status: ['FAILED', 'PENDING'] }, 3 + 2],
    ['of variables', outcomes('[$one, FAILED]'), {}, 3 + 2],
    ['one that stands for a list', outcomes('FAILED'), {}, 3 + 1],
    ['one in a variable that stands for a list', outcomes('$status'), { status: 'FAILED' }, 3 + 1],
    ['the default of a variable', outcomes('$status').replace('!],', '!] = [FAILED, PENDING],'), {}, 3 + 2],
    [
      'the default of a variable that is named like a property of every object',
      outcomes('$toString').replace('$status: [OutcomeStatus!]', '$toString: [OutcomeStatus!] = [FAILED, PENDING]'),
      {},
      3 + 2,
    ],
    ['null', outcomes('$status'), { status: null }, 3],
    ['a text where a device should be', activate, { input: { target: { devices: ['x', 7, null, [[]]] } } }, 1 + 4],
    ['a text for the whole input', activate, { input: 'x' }, 1],
    ['what no type knows of', activate, { input: { other: devices(3) }, others: devices(3) }, 1],
  ])('%s', (_what, text, variables, expected) => expect(cost(text, variables)).toBe(expected));

  test('in an input that holds itself', () => {
    const trees = buildSchema('type Query { count(of: Tree): Int } input Tree { next: Tree below: [Tree!] }');
    const of = { below: [{ next: { below: [{}, {}] } }, {}] };
    expect(cost('query ($of: Tree) { count(of: $of) }', { of }, STOP_AT, trees)).toBe(4);
  });

  test('a variable is counted once, however many fields take it', () => {
    let reads = 0;
    const list = new Proxy(devices(2), {
      get: (target, key) => {
        if (key === '0') reads++;
        return Reflect.get(target, key) as unknown;
      },
    });
    const withPage = twice.replaceAll('__typename', '... on ActivateDevicesAccepted { request { retries(first: 1) { nodes { id } } } }');
    expect(cost(withPage, { input: { target: { devices: list } } })).toBe(2 * (1 + 2 + 4 + 3));
    expect(reads).toBe(1);
  });

  test('in a list below a list it counts for each', () => {
    expect(cost('{ requests(first: 10) { nodes { outcomes(first: 1, status: [FAILED, PENDING]) { nodes { id } } } } }')).toBe(
      1 + 10 * (1 + 2 + 1 + 1),
    );
  });

  test('10,000 devices with two identifiers each are well within the default limit', () => {
    expect(cost(activate, { input: { target: { devices: devices(10_000) } } }, MAX_COST)).toBe(30_001);
    expect(30_001).toBeLessThan(MAX_COST);
  });

  test('a list that is over the limit is not counted to its end', () => {
    const target = {
      devices: new Proxy(devices(100), {
        get: (list, key) => (key === '50' ? expect.unreachable('read on') : (Reflect.get(list, key) as unknown)),
      }),
    };
    expect(cost(activate, { input: { target } }, 110)).toBeGreaterThan(110);
  });
});

describe('a short text that asks for a huge number of objects is counted at once', () => {
  const fragments = (each: (next: string) => string) =>
    Array.from(
      { length: 100 },
      (_, at) => `fragment f${at} on Request { ${at === 99 ? 'progress { total }' : each(`...f${at + 1}`)} }`,
    ).join(' ');
  test.each([
    ['fragments that each hold the next twice', `{ request(id: 1) { ...f0 } } ${fragments((next) => `${next} ${next}`)}`],
    [
      'fragments that each hold the next in a list',
      `{ request(id: 1) { ...f0 } } ${fragments((next) => `retries(first: 5) { nodes { ${next} } }`)}`,
    ],
  ])('%s', (_what, text) => expect(cost(text)).toBeGreaterThan(1e15));

  test('fragments in a circle', () => {
    expect(cost('{ request(id: 1) { ...f } } fragment f on Request { progress { total } ...g } fragment g on Request { ...f }')).toBe(2);
  });
});

describe('introspection counts exactly what the schema has', () => {
  const schemaText = (text: string) => `{ __schema { ${text} } }`;
  const produced = (text: string): number => {
    const { data } = executeSync({ schema, document: parse(text) });
    const objects = (value: unknown): number =>
      Array.isArray(value)
        ? value.reduce<number>((sum, item) => sum + objects(item), 0)
        : typeof value === 'object' && value !== null
          ? Object.values(value).reduce<number>((sum, item) => sum + objects(item), 1)
          : 0;
    return objects({ ...data }) - 1;
  };
  test.each([
    [schemaText('types { name }')],
    [
      schemaText(
        'types { ...f } } } fragment f on __Type { fields(includeDeprecated: true) { type { ofType { fields { name } } } }',
      ).replace(/ \} \}$/, ' }'),
    ],
    ['{ __type(name: "Request") { fields { args { type { name } } } ... on __Type { possibleTypes { name } } } }'],
    ['{ __type(name: "Node") { possibleTypes { fields { name } } } nothing: __type(name: "Nothing") { fields { name } } }'],
  ])('%s', (text) => {
    const objects = produced(text);
    expect(cost(text)).toBeGreaterThanOrEqual(objects);
    // Names and descriptions count a little.
    expect(cost(text)).toBeLessThan(objects * 1.5 + 10);
  });

  test('types within types are counted, and no further than the limit', () => {
    const nested = (levels: number): string => (levels === 0 ? 'name' : `possibleTypes { interfaces { ${nested(levels - 1)} } }`);
    expect(cost(schemaText(`types { ${nested(6)} }`), {}, MAX_COST)).toBeGreaterThan(MAX_COST);
  });

  test('the same document is counted anew for other variables, and for another limit', () => {
    const document = parse('query ($name: String!) { __type(name: $name) { fields { name } } }');
    expect(cost(document, { name: 'Nothing' })).toBe(1);
    const most = cost(document, { name: 'Request' });
    expect(most).toBeGreaterThan(20);
    expect(cost(document, { name: 'Request' }, 1)).toBe(Infinity);
    expect(cost(document, { name: 'Request' })).toBe(most);
  });

  test('a type that many fields lead to is read once, and beyond the limit none is', () => {
    const fields = Array.from({ length: 50 }, (_, at) => `f${at}: Thing`).join(' ');
    const wide = buildSchema(`type Query { ${fields} } type Thing { id: ID } type Other { id: ID }`);
    const read = vi.spyOn(wide.getType('Thing') as GraphQLObjectType, 'getFields');
    const text = '{ __type(name: "Query") { fields { type { fields { name } } } } }';
    expect(cost(text, {}, STOP_AT, wide)).toBeGreaterThan(100);
    expect(read).toHaveBeenCalledTimes(1);
    expect(cost(text, {}, 1, wide)).toBe(Infinity);
    expect(read).toHaveBeenCalledTimes(1);
  });

  test('fragments in a circle', () => {
    const circle = 'fragment f on __Type { name ...g } fragment g on __Type { ...f }';
    expect(cost(`{ __schema { queryType { ...f } } } ${circle}`)).toBe(3);
  });

  test('a long name counts wherever it stands in the answer', () => {
    expect(cost(schemaText(`types { fields { ${'a'.repeat(60_000)}: name } }`), {}, MAX_COST)).toBeGreaterThan(MAX_COST);
  });
});

test('what clients ask with the largest page is within the default limit, introspection too', () => {
  const file = join(import.meta.dirname, '../../documents/gql/persisted-documents.json');
  const documents = Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>);
  const costs = [...documents, getIntrospectionQuery()].map((text) => cost(text, { id: '1', first: 1_000, batchSize: 1_000 }));
  expect(Math.max(...costs)).toBeLessThan(MAX_COST);
});
