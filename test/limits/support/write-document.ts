import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';

export interface WriterOptions {
  readonly schema: GraphQLSchema;
  /** A whole number from 0, below `count`. */
  readonly pick: (count: number) => number;
  /** Identifiers and cursors that are known to the gateway. */
  readonly words: readonly string[];
}

const NUMBERS = ['1', '2', '7', '50', '1000', '0', '-1', '1001', '2147483647', '2147483648', '1.5'];
const TEXTS = ['', 'x', '89148000000000000001', '2026-11-22T09:30:00Z', 'LATEST', '0', '12', '../..', 'ü', '\u0000'];
const SLIPS = ['', '{', '}', '(', '"', '$', '@', 'x', '#', '\u0000'];
/** Selections within selections; requests lead to requests without end. */
const DEPTH = 6;

/**
 * An operation as a client, or somebody who looks for holes, might write it: fields of the schema with aliases, fragments,
 * directives and arguments of which most fit. One in ten has a slip of the pen.
 */
export function writeDocument({ schema, pick, words }: WriterOptions): string {
  let aliases = 0;
  const fragments: string[] = [];
  const oneOf = <Item>(items: readonly Item[]): Item => items[pick(items.length)] as Item;
  // Small numbers are picked more often than others: they stand for what is plain.
  const often = () => pick(4) < 3;
  const seldom = () => pick(8) === 6;
  /** What does not fit. */
  const wrong = () => pick(50) === 37;

  function selection(type: GraphQLCompositeType, depth: number): string {
    const all = 'getFields' in type ? Object.values(type.getFields()) : [];
    const fields = all.filter((field) => depth > 0 || !isCompositeType(getNamedType(field.type)));
    const parts = Array.from({ length: 1 + pick(4) }, () => {
      if (fields.length === 0 || seldom()) return part(type, depth);
      const field = oneOf(fields);
      // Side by side with other arguments a field needs another name.
      const alias = field.args.length > 0 || seldom() ? `a${aliases++}: ` : '';
      return `${alias}${fieldText(field, depth)}`;
    });
    return `{ ${parts.join(' ')} }`;
  }

  /** What is no field: a name of the type, a fragment of one kind or another. */
  function part(type: GraphQLCompositeType, depth: number): string {
    const on = isObjectType(type) ? type : oneOf(schema.getPossibleTypes(type));
    if (depth === 0 || seldom()) return '__typename';
    if (often()) return `... on ${on.name} ${directive()} ${selection(on, depth - 1)}`;
    const name = `f${fragments.length}`;
    fragments.push('');
    fragments[Number(name.slice(1))] = `fragment ${name} on ${on.name} ${selection(on, depth - 1)}`;
    return `...${name}`;
  }

  function fieldText(field: GraphQLField<unknown, unknown>, depth: number): string {
    const given = field.args.filter(({ type }) => isNonNullType(type) || pick(3) === 2);
    const args = given.length > 0 ? `(${given.map((arg) => `${arg.name}: ${value(arg.type, 3)}`).join(', ')})` : '';
    const type = getNamedType(field.type);
    return `${field.name}${args} ${directive()} ${isCompositeType(type) ? selection(type, depth - 1) : ''}`;
  }

  function directive(): string {
    if (wrong()) return oneOf(['@include(if: "x")', '@nothing', '@skip']);
    return seldom() ? oneOf(['@skip(if: false)', '@include(if: true)', '@skip(if: true)']) : '';
  }

  function value(type: GraphQLInputType, depth: number): string {
    if (isNonNullType(type)) return wrong() ? 'null' : value(type.ofType, depth);
    if (wrong()) return oneOf(['null', '{}', '[]', 'x', '7']);
    if (isListType(type)) return `[${Array.from({ length: pick(3) }, () => value(type.ofType, depth)).join(', ')}]`;
    if (isEnumType(type)) return wrong() ? 'NOTHING' : oneOf(type.getValues()).name;
    if (isInputObjectType(type)) return inputObject(Object.values(type.getFields()), depth);
    if (type.name === 'Int') return oneOf(NUMBERS);
    if (type.name === 'Boolean') return oneOf(['true', 'false']);
    return JSON.stringify(often() ? oneOf(words) : oneOf(TEXTS));
  }

  function inputObject(fields: readonly GraphQLInputField[], depth: number): string {
    const given = fields.filter(({ type }) => isNonNullType(type) || (depth > 0 && pick(3) === 2));
    return `{ ${given.map(({ name, type }) => `${name}: ${value(type, depth - 1)}`).join(', ')} }`;
  }

  const [keyword, root] = oneOf([
    ['query', schema.getQueryType()],
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const);
  const text = root ? [`${keyword} ${selection(root, DEPTH)}`, ...fragments].join(' ') : '';
  if (pick(10) !== 7) return text;
  const at = pick(text.length);
  return `${text.slice(0, at)}${oneOf(SLIPS)}${text.slice(at + 1)}`;
}
