import {
  defaultFieldResolver,
  getNamedType,
  getNullableType,
  GraphQLID,
  GraphQLString,
  isCompositeType,
  isIntrospectionType,
  isListType,
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

/** The quotes, the colon and the comma around a name, and the usual length of a value that is no text. */
const AROUND_A_NAME = 12;

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
  const isList = isListType(getNullableType(field.type));
  const size = listSizeOf(field);
  // Numbers, enums and moments are short. They count with the names of their fields.
  if (!isComposite && size === null && named !== GraphQLString && named !== GraphQLID) return null;
  const most = typeof size === 'number' ? size : Infinity;
  const count = (value: unknown, { production }: GraphContext, info: GraphQLResolveInfo): unknown => {
    if (value === null || value === undefined) return value;
    // An array may stand for one object.
    if (!isList || !Array.isArray(value)) {
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
