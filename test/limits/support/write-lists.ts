import { getNamedType, isCompositeType, isObjectType, type GraphQLField, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { pageSizeOf } from '../../../src/schema/list-sizes.ts';

export interface ListWriterOptions {
  readonly schema: GraphQLSchema;
  /** A whole number from 0, below `count`. */
  readonly pick: (count: number) => number;
  /** A request that has everything. */
  readonly requestId: string;
}

const SIZES = [undefined, null, null, null, 1, 2, 7, 12, 50, 1_000, 0, -1, 1_001];
const DEPTH = 5;

/**
 * An operation that selects little but lists within lists, with sizes of pages about those of the store's lists, as literals,
 * variables and defaults. So it produces about as much as its cost, which plain random documents seldom do.
 */
export function writeLists({ schema, pick, requestId }: ListWriterOptions): {
  readonly text: string;
  readonly variables: Record<string, unknown>;
} {
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const fragments: string[] = [];
  const oneOf = <Item>(items: readonly Item[]): Item => items[pick(items.length)] as Item;
  let aliases = 0;

  function selection(type: GraphQLObjectType, depth: number): string {
    const fields = Object.values(type.getFields()).filter((field) => isObjectType(getNamedType(field.type)));
    if (depth === 0 || fields.length === 0) return '{ __typename }';
    const parts = Array.from({ length: 1 + Math.floor(pick(5) / 4) }, () => fieldText(oneOf(fields), depth));
    const text = `{ ${parts.join(' ')} }`;
    if (pick(6) > 0) return text;
    if (pick(2) === 0) return `{ ... on ${type.name} ${text} }`;
    fragments.push(`fragment f${fragments.length} on ${type.name} ${text}`);
    return `{ ...f${fragments.length - 1} }`;
  }

  function fieldText(field: GraphQLField<unknown, unknown>, depth: number): string {
    const args = field.args.flatMap((argument) => {
      if (argument.name === 'id' || argument.name === 'requestId') return [`${argument.name}: "${requestId}"`];
      const size = pageSizeOf(argument) ? pageText() : null;
      return size === null ? [] : [`${argument.name}: ${size}`];
    });
    const below = getNamedType(field.type);
    const given = args.length > 0 ? `(${args.join(', ')})` : '';
    const set = isObjectType(below)
      ? selection(below, depth - 1)
      : isCompositeType(below)
        ? `{ ... on Request ${selection(requestType(), depth - 1)} }`
        : '';
    return `a${aliases++}: ${field.name}${given} ${set}`;
  }

  function requestType(): GraphQLObjectType {
    const type = schema.getType('Request');
    if (!isObjectType(type)) throw new Error('There is no Request.');
    return type;
  }

  /** Null for a page size that is left out. */
  function pageText(): string | null {
    const size = oneOf(SIZES);
    if (pick(2) === 0) return size === undefined ? null : String(size);
    const name = ['constructor', '__proto__', 'toString'][pick(12)] ?? `v${declared.length}`;
    if (declared.some((each) => each.startsWith(`$${name}:`))) return '2';
    declared.push(`$${name}: Int${oneOf(['', ' = 1', ' = 2', ' = null'])}`);
    if (size !== undefined) Object.defineProperty(variables, name, { value: size, enumerable: true });
    return `$${name}`;
  }

  const [keyword, root] = oneOf([
    ['query', schema.getQueryType()],
    ['query', schema.getQueryType()],
    ['query', schema.getQueryType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const);
  if (!root) throw new Error('The schema has no such operation.');
  const set = `{ ${fieldText(oneOf(Object.values(root.getFields()).filter(({ type }) => isCompositeType(getNamedType(type)))), DEPTH)} }`;
  const header = declared.length > 0 ? `${keyword} Lists(${declared.join(', ')})` : keyword;
  return { text: [`${header} ${set}`, ...fragments].join(' '), variables };
}
