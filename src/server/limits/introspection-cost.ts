import {
  getArgumentValues,
  getNamedType,
  isCompositeType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import type { VariableValues } from './caller-input.ts';

/** Descriptions are long, and any of them may be asked for under every alias. So many characters count as one object. */
const CHARACTERS_OF_AN_OBJECT = 300;

interface Made {
  readonly objects: number;
  readonly characters: number;
}

const NOTHING: Made = { objects: 0, characters: 0 };
const TOO_MUCH: Made = { objects: Infinity, characters: 0 };

const lastCosts = new WeakMap<FieldNode, { readonly given: string; readonly cost: number }>();

/**
 * The cost of `__schema` or `__type`. Introspection reads nothing but the schema, so what it will produce is counted exactly, by the
 * resolvers that will produce it. A type that many fields lead to is counted once for each selection of it, so this takes no longer
 * than the execution, and ends at the limit.
 */
export function introspectionCost(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  root: GraphQLField<unknown, unknown>,
  node: FieldNode,
  values: VariableValues,
  stopAt: number,
): number {
  const given = `${stopAt} ${JSON.stringify(values.coerced)}`;
  const last = lastCosts.get(node);
  // Documents are kept by their text, and whoever introspects asks the same again.
  if (last?.given === given) return last.cost;
  const counted = new Map<SelectionSetNode, Map<unknown, Made>>();
  let looks = 0;

  function ofObject(set: SelectionSetNode, type: GraphQLObjectType, value: unknown): Made {
    let known = counted.get(set);
    if (!known) counted.set(set, (known = new Map<unknown, Made>()));
    const before = known.get(value);
    if (before) return before;
    // Each look is an object at least, so the cost is over the limit then.
    if (++looks > stopAt) return TOO_MUCH;
    // A cycle of fragments comes back here. A valid document has none.
    known.set(value, NOTHING);
    const made = sum(
      set.selections.map((selection) => {
        if (selection.kind === Kind.FIELD) return ofField(selection, type.getFields()[selection.name.value], value);
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
        const condition = fragment?.typeCondition?.name.value ?? type.name;
        return fragment && condition === type.name ? ofObject(fragment.selectionSet, type, value) : NOTHING;
      }),
    );
    known.set(value, made);
    return made;
  }

  function ofField(selection: FieldNode, field: GraphQLField<unknown, unknown> | undefined, source: unknown): Made {
    const name = { objects: 0, characters: (selection.alias ?? selection.name).value.length };
    const resolve = field?.resolve;
    // `__typename` has no field here.
    if (!resolve) return name;
    const value = resolve(source, getArgumentValues(field, selection, values), undefined, { schema } as GraphQLResolveInfo);
    const type = getNamedType(field.type);
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!isCompositeType(type))
      return { objects: 0, characters: items.reduce<number>((all, item) => all + String(item).length, name.characters) };
    const { selectionSet } = selection;
    if (!selectionSet || !isObjectType(type)) return name;
    const found = items.filter((item) => item !== null && item !== undefined);
    return sum([name, ...found.map((item) => sum([{ objects: 1, characters: 0 }, ofObject(selectionSet, type, item)]))]);
  }

  const { objects, characters } = ofField(node, root, undefined);
  const cost = objects + Math.ceil(characters / CHARACTERS_OF_AN_OBJECT);
  lastCosts.set(node, { given, cost });
  return cost;
}

function sum(all: readonly Made[]): Made {
  let objects = 0;
  let characters = 0;
  for (const made of all) {
    objects += made.objects;
    characters += made.characters;
  }
  return { objects, characters };
}
