import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { asksCarrier, CARRIER_CALL_COST } from '../../schema/carrier-call.ts';
import { listSizeOf, pageSizeOf, type ListSize, type PageSize } from '../../schema/list-sizes.ts';
import { CallerInput, hasList } from './caller-input.ts';
import { fragmentsOf } from './document-limits.ts';
import { introspectionCost } from './introspection-cost.ts';

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
 * How many objects an operation can produce or take at most, without running it. Each field of an object type counts 1, times the
 * sizes of the lists it stands in. Each item of a list in an argument counts 1. A page size is what the resolver will get. It holds
 * for the lists right below the field that takes it (`nodes`, `edges`, `outcomes`). A list without a size counts as infinite.
 * A field that asks the carrier for each object counts its call too. Fields under `@skip` and `@include` count, and a repeated field counts each time. Counting may end once the cost is over `stopAt`.
 */
export function operationCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  stopAt: number,
): number {
  const input = new CallerInput(schema, operation, variables, stopAt);
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
        if (field.name.startsWith('__')) {
          once += introspectionCost(schema, fragments, field, selection, input.values, stopAt);
          continue;
        }
        const { type, isList, size, paging, listArguments, callCost } = shapeOf(field);
        once += callCost;
        for (const argument of listArguments) once += input.itemsOf(findArgument(selection, argument.name), argument.type);
        if (!selection.selectionSet || !type) continue;
        const inner = ofSet(selection.selectionSet, type);
        const page = paging && input.pageOf(findArgument(selection, paging.argument.name), paging.argument, paging.sizes);
        if (!isList) once += 1 + inner.once + times(page ?? Infinity, inner.each);
        else {
          const one = 1 + inner.once + times(Infinity, inner.each);
          if (size === 'PAGE' && page === null) each += one;
          else once += times((size === 'PAGE' ? page : size) ?? Infinity, one);
        }
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
  return once + times(Infinity, each);
}

/** Nothing stays nothing, in a list without an end too. */
function times(size: number, cost: number): number {
  return cost === 0 ? 0 : size * cost;
}

interface Shape {
  readonly type: GraphQLCompositeType | null;
  readonly isList: boolean;
  readonly size: ListSize | null;
  readonly paging: { readonly argument: GraphQLArgument; readonly sizes: PageSize } | null;
  readonly listArguments: readonly GraphQLArgument[];
  readonly callCost: number;
}

const shapes = new WeakMap<GraphQLField<unknown, unknown>, Shape>();

function shapeOf(field: GraphQLField<unknown, unknown>): Shape {
  let shape = shapes.get(field);
  if (shape) return shape;
  const type = getNamedType(field.type);
  const [paging = null] = field.args.flatMap((argument) => {
    const sizes = pageSizeOf(argument);
    return sizes ? [{ argument, sizes }] : [];
  });
  shape = {
    type: isCompositeType(type) ? type : null,
    isList: isListType(getNullableType(field.type)),
    size: listSizeOf(field),
    paging,
    listArguments: field.args.filter((argument) => hasList(argument.type)),
    callCost: asksCarrier(field) ? CARRIER_CALL_COST : 0,
  };
  shapes.set(field, shape);
  return shape;
}

function findArgument({ arguments: given }: FieldNode, name: string): ValueNode | undefined {
  return given?.find((node) => node.name.value === name)?.value;
}
