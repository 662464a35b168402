import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isInputObjectType,
  isListType,
  Kind,
  type DocumentNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type FieldNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { fragmentsOf } from './document-limits.ts';

/** Arguments for the number of objects in the lists below a field. The resolvers take 1 to 1,000, and use 100 by default. */
const PAGE_SIZE_ARGUMENTS: readonly string[] = ['first', 'batchSize'];
const DEFAULT_PAGE = 100;
const MAX_PAGE = 1_000;
/** The size that is assumed for a list without a page. A device has 2 or 3 identifiers, a request seldom has more than 5 carrier requests (100 at most). */
const ASSUMED_LIST = 5;

/**
 * The cost of a selection set for one object: `once`, plus `each` for every item of a page. With both parts a fragment can be
 * counted once, whatever the sizes of the pages that it stands in.
 */
interface Cost {
  readonly once: number;
  readonly each: number;
}

const NO_COST: Cost = { once: 0, each: 0 };

/**
 * How many objects an operation may produce or take, without running it. Each field of an object type counts 1, times the sizes
 * of the lists it stands in. Each item of a list in an argument counts 1. A page size holds for the lists right below the field
 * that takes it (`nodes`, `edges`, `outcomes`). Fields under `@skip` and `@include` count, and a repeated field counts each time.
 * Counting may end once the cost is over `stopAt`.
 */
export function operationCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  stopAt: number,
): number {
  const input = new CallerInput(operation, variables, stopAt);
  const fragments = fragmentsOf(document);
  const counted = new Map<string, Cost>();

  function ofSet({ selections }: SelectionSetNode, parent: GraphQLCompositeType): Cost {
    let once = 0;
    let each = 0;
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        if (!selection.selectionSet && !selection.arguments?.length) continue;
        const field = schema.getField(parent, selection.name.value);
        if (!field) continue;
        const shape = shapeOf(field);
        for (const { name, type } of shape.listArguments) once += input.itemsOf(findArgument(selection, name), type);
        if (!selection.selectionSet || !shape.type) continue;
        const page = shape.paging && input.pageOf(findArgument(selection, shape.paging.name), shape.paging.fallback);
        const inner = ofSet(selection.selectionSet, shape.type);
        if (!shape.isList) once += 1 + inner.once + (page ?? ASSUMED_LIST) * inner.each;
        else if (page) once += page * (1 + inner.once + ASSUMED_LIST * inner.each);
        else each += 1 + inner.once + ASSUMED_LIST * inner.each;
      } else {
        const inner =
          selection.kind === Kind.FRAGMENT_SPREAD
            ? ofFragment(selection.name.value)
            : costOn(selection.typeCondition?.name.value, selection.selectionSet, parent);
        once += inner.once;
        each += inner.each;
      }
    }
    return { once, each };
  }

  function costOn(condition: string | undefined, set: SelectionSetNode, parent?: GraphQLCompositeType): Cost {
    const type = condition === undefined ? parent : schema.getType(condition);
    return isCompositeType(type) ? ofSet(set, type) : NO_COST;
  }

  function ofFragment(name: string): Cost {
    const known = counted.get(name);
    if (known) return known;
    // A cycle of fragments comes back here. A valid document has none.
    counted.set(name, NO_COST);
    const fragment = fragments.get(name);
    const cost = fragment ? costOn(fragment.typeCondition.name.value, fragment.selectionSet) : NO_COST;
    counted.set(name, cost);
    return cost;
  }

  const root = schema.getRootType(operation.operation);
  const { once, each } = root ? ofSet(operation.selectionSet, root) : NO_COST;
  return once + ASSUMED_LIST * each;
}

interface Shape {
  readonly type: GraphQLCompositeType | null;
  readonly isList: boolean;
  readonly paging: { readonly name: string; readonly fallback: number } | null;
  readonly listArguments: readonly Input[];
}

interface Input {
  readonly name: string;
  readonly type: GraphQLInputType;
}

const shapes = new WeakMap<GraphQLField<unknown, unknown>, Shape>();

function shapeOf(field: GraphQLField<unknown, unknown>): Shape {
  let shape = shapes.get(field);
  if (shape) return shape;
  const type = getNamedType(field.type);
  const paging = field.args.find(({ name }) => PAGE_SIZE_ARGUMENTS.includes(name));
  shape = {
    type: isCompositeType(type) ? type : null,
    isList: isListType(getNullableType(field.type)),
    paging: paging ? { name: paging.name, fallback: typeof paging.defaultValue === 'number' ? paging.defaultValue : DEFAULT_PAGE } : null,
    listArguments: field.args.filter((input) => hasList(input.type)),
  };
  shapes.set(field, shape);
  return shape;
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

function hasList(given: GraphQLInputType): boolean {
  const type = getNullableType(given);
  return isListType(type) || (isInputObjectType(type) && listFieldsOf(type).length > 0);
}

/** Reads variables and literals as the caller wrote them. They are checked against their types only later. */
class CallerInput {
  readonly #defaults: ReadonlyMap<string, ValueNode | undefined>;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #stopAt: number;
  readonly #items = new Map<string, number>();

  constructor(operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>, stopAt: number) {
    this.#defaults = new Map(operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]));
    this.#variables = variables;
    this.#stopAt = stopAt;
  }

  /** The objects of a page. A size that no resolver would take counts as the default. */
  pageOf(node: ValueNode | undefined, fallback: number): number {
    const size =
      node?.kind === Kind.VARIABLE ? (this.#variables[node.name.value] ?? numberIn(this.#defaults.get(node.name.value))) : numberIn(node);
    return typeof size === 'number' && Number.isInteger(size) && size >= 1 ? Math.min(size, MAX_PAGE) : fallback;
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
    const value = this.#variables[name];
    const items = value === undefined ? this.itemsOf(this.#defaults.get(name), type) : this.#itemsIn(value, type);
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

function numberIn(node: ValueNode | undefined): number | undefined {
  return node?.kind === Kind.INT ? Number(node.value) : undefined;
}

function findArgument({ arguments: given }: FieldNode, name: string): ValueNode | undefined {
  return given?.find((node) => node.name.value === name)?.value;
}
