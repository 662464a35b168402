import {
  defaultFieldResolver,
  getNamedType,
  GraphQLError,
  GraphQLID,
  GraphQLString,
  isCompositeType,
  isIntrospectionType,
  isObjectType,
  Kind,
  type FieldNode,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import type { GraphContext } from './context.ts';
import { listSizeOf } from './list-sizes.ts';

/**
 * The characters of one answer: its names and its texts. A page of 1,000 devices with everything that is known of them has 2
 * million. Without a limit a caller could ask for gigabytes within every other one: by an alias of 60,000 characters in a list, or
 * by the same page of long messages under ten aliases.
 */
export const MAX_ANSWER_CHARACTERS = 16 * 1_048_576;

/** The quotes, the colon and the comma around a name, and the usual length of a value that is no text. */
const AROUND_A_NAME = 12;

/**
 * What one execution has produced. The cost of an operation is estimated before it runs; this is counted while it runs, and holds
 * whatever was estimated. Beyond a limit every further field fails at once, and nothing more is read.
 */
export class Production {
  readonly #maxObjects: number;
  #objects = 0;
  #characters = 0;
  #isOver = false;

  constructor(maxObjects: number) {
    this.#maxObjects = maxObjects;
  }

  get objects(): number {
    return this.#objects;
  }

  /** True when the execution was stopped. Its result is not complete. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @throws GraphQLError when the execution was stopped */
  check(): void {
    if (this.#isOver) throw STOPPED;
  }

  /** @throws GraphQLError beyond a limit */
  add(objects: number, characters: number): void {
    this.#objects += objects;
    this.#characters += characters;
    if (this.#objects > this.#maxObjects || this.#characters > MAX_ANSWER_CHARACTERS) this.#isOver = true;
    this.check();
  }
}

/** No caller sees it. It has a path, so that graphql-js does not make a new error of it for each field that fails. */
const STOPPED = new GraphQLError('The execution was stopped.', { path: [] });

type Resolver = GraphQLFieldResolver<unknown, GraphContext>;

/** Makes every field count what it produces, and cuts lists at the size that is declared beside them. */
export function limitProduction(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const produce = producerOf(field);
      if (produce) field.resolve = produce(field.resolve ?? defaultFieldResolver);
    }
  }
}

function producerOf(field: GraphQLField<unknown, GraphContext>): ((resolve: Resolver) => Resolver) | null {
  const named = getNamedType(field.type);
  const isComposite = isCompositeType(named);
  const size = listSizeOf(field);
  // Numbers, enums and moments are short. They count with the names of their fields.
  if (!isComposite && size === null && named !== GraphQLString && named !== GraphQLID) return null;
  const most = typeof size === 'number' ? size : Infinity;
  const count = (value: unknown, { production }: GraphContext, info: GraphQLResolveInfo): unknown => {
    if (value === null || value === undefined) return value;
    if (!Array.isArray(value)) {
      if (isComposite) production.add(1, charactersOfNames(info));
      else if (typeof value === 'string') production.add(0, value.length);
      return value;
    }
    const items: readonly unknown[] = value.length > most ? value.slice(0, most) : value;
    if (isComposite) production.add(items.length, items.length * charactersOfNames(info));
    else
      production.add(
        0,
        items.reduce<number>((sum, item) => sum + String(item).length, 0),
      );
    return items;
  };
  return (resolve) => (source, args, context, info) => {
    context.production.check();
    const value = resolve(source, args, context, info);
    return value instanceof Promise ? value.then((done) => count(done, context, info)) : count(value, context, info);
  };
}

const names = new WeakMap<FieldNode, number>();

/** The names that each object below a field has in the answer. A fragment counts whatever the type of the object is. */
function charactersOfNames({ fieldNodes, fragments }: GraphQLResolveInfo): number {
  let characters = 0;
  for (const node of fieldNodes) {
    let known = names.get(node);
    if (known === undefined) names.set(node, (known = count(node)));
    characters += known;
  }
  return characters;

  function count({ selectionSet }: FieldNode): number {
    const found = new Set<string>();
    const seen = new Set<string>();
    const visit = (set: SelectionSetNode | undefined): void => {
      for (const selection of set?.selections ?? []) {
        if (selection.kind === Kind.FIELD) found.add((selection.alias ?? selection.name).value);
        else if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet);
        else if (!seen.has(selection.name.value)) {
          seen.add(selection.name.value);
          visit(fragments[selection.name.value]?.selectionSet);
        }
      }
    };
    visit(selectionSet);
    let sum = 0;
    for (const name of found) sum += name.length + AROUND_A_NAME;
    return sum;
  }
}
