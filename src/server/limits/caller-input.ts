import {
  coerceInputLiteral,
  getNullableType,
  getVariableValues,
  isInputObjectType,
  isLeafType,
  isListType,
  Kind,
  typeFromAST,
  type GraphQLArgument,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql';
import type { PageSize } from '../../schema/list-sizes.ts';

/** The single values of an operation's variables, as its resolvers get them. */
export type VariableValues = NonNullable<ReturnType<typeof getVariableValues>['variableValues']>;

/**
 * What the caller gives with an operation. Page sizes are coerced, because a null, a default and a missing variable each mean
 * something else to a resolver. Lists are counted as the caller wrote them: coercing 10,000 devices once more would take longer
 * than counting, and changes neither their number nor which of them count.
 */
export class CallerInput {
  readonly #schema: GraphQLSchema;
  readonly #definitions: ReadonlyMap<string, VariableDefinitionNode>;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #stopAt: number;
  readonly #items = new Map<string, number>();
  #values: VariableValues | null = null;

  constructor(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>, stopAt: number) {
    this.#schema = schema;
    this.#definitions = new Map(operation.variableDefinitions?.map((definition) => [definition.variable.name.value, definition]));
    this.#variables = variables;
    this.#stopAt = stopAt;
  }

  /** The variables that are no lists and no objects. Those that do not fit their type are missing: their operation does not run. */
  get values(): VariableValues {
    return (this.#values ??= this.#coerce());
  }

  #coerce(): VariableValues {
    // Without a prototype: a variable may be called `__proto__`.
    const values: VariableValues = { sources: Object.create(null), coerced: Object.create(null) };
    for (const definition of this.#definitions.values()) {
      if (!isLeafType(getNullableType(typeFromAST(this.#schema, definition.type)))) continue;
      const { variableValues: found } = getVariableValues(this.#schema, [definition], this.#variables, { hideSuggestions: true });
      Object.assign(values.sources, found?.sources);
      Object.assign(values.coerced, found?.coerced);
    }
    return values;
  }

  /** The objects of a page. A size that is missing, or that its resolver refuses, counts as the default. */
  pageOf(node: ValueNode | undefined, { type }: GraphQLArgument, { fallback, most }: PageSize): number {
    const size = node && coerceInputLiteral(node, type, this.values);
    return typeof size === 'number' && size >= 1 ? Math.min(size, most) : fallback;
  }

  /** The items of every list in a literal, with those of the variables in it. */
  itemsOf(node: ValueNode | undefined, given: GraphQLInputType): number {
    if (!node || node.kind === Kind.NULL) return 0;
    if (node.kind === Kind.VARIABLE) return this.#itemsOfVariable(node.name.value, given);
    const type = getNullableType(given);
    if (isListType(type)) {
      if (node.kind !== Kind.LIST) return 1 + this.itemsOf(node, type.ofType);
      const within = hasList(type.ofType) ? node.values.map((item) => this.itemsOf(item, type.ofType)) : [];
      return within.reduce((sum, items) => sum + items, node.values.length);
    }
    if (!isInputObjectType(type) || node.kind !== Kind.OBJECT) return 0;
    return listFieldsOf(type)
      .map((field) => this.itemsOf(node.fields.find(({ name }) => name.value === field.name)?.value, field.type))
      .reduce((sum, items) => sum + items, 0);
  }

  #itemsOfVariable(name: string, type: GraphQLInputType): number {
    const known = this.#items.get(name);
    if (known !== undefined) return known;
    const value = Object.hasOwn(this.#variables, name) ? this.#variables[name] : undefined;
    const items = value === undefined ? this.itemsOf(this.#definitions.get(name)?.defaultValue, type) : this.#itemsIn(value, type);
    this.#items.set(name, items);
    return items;
  }

  #itemsIn(value: unknown, given: GraphQLInputType): number {
    if (value === null || value === undefined) return 0;
    const type = getNullableType(given);
    if (isListType(type)) {
      if (!Array.isArray(value)) return 1 + this.#itemsIn(value, type.ofType);
      let items = value.length;
      if (!hasList(type.ofType)) return items;
      for (const item of value) {
        items += this.#itemsIn(item, type.ofType);
        if (items > this.#stopAt) break;
      }
      return items;
    }
    if (!isInputObjectType(type) || typeof value !== 'object') return 0;
    let items = 0;
    for (const field of listFieldsOf(type)) items += this.#itemsIn((value as Readonly<Record<string, unknown>>)[field.name], field.type);
    return items;
  }
}

interface Input {
  readonly name: string;
  readonly type: GraphQLInputType;
}

const listFields = new WeakMap<GraphQLInputObjectType, readonly Input[]>();

function listFieldsOf(type: GraphQLInputObjectType): readonly Input[] {
  let fields = listFields.get(type);
  if (fields) return fields;
  const all = Object.values(type.getFields());
  // A type that holds itself comes back here. Then all of its fields are looked at.
  listFields.set(type, all);
  fields = all.filter((field) => hasList(field.type));
  listFields.set(type, fields);
  return fields;
}

/** Whether a value of the type can hold a list. */
export function hasList(given: GraphQLInputType): boolean {
  const type = getNullableType(given);
  return isListType(type) || (isInputObjectType(type) && listFieldsOf(type).length > 0);
}
