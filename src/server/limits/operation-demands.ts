import {
  isCompositeType,
  isInterfaceType,
  isObjectType,
  getNamedType,
  Kind,
  type DocumentNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { GRANTS, hasScope, SCOPES, type Caller, type Grant, type Scope } from '../../resolvers/access/caller.ts';
import { fieldRule } from '../../schema/rules.ts';
import { fragmentsOf } from './document-limits.ts';

/** The rights that an operation needs, each with the first field that needs it: `Type.field`. */
export interface OperationDemands {
  readonly scopes: ReadonlyMap<Scope, string>;
  readonly grants: ReadonlyMap<Grant, string>;
  /** The first field without a rule, which nobody may select. Null if there is none. */
  readonly withoutRule: string | null;
  /** The names of the root fields. A name stands here once for each time that it runs. */
  readonly rootFields: readonly string[];
}

/** Reads a valid operation, and each fragment once. Fields under `@skip` and `@include` count as selected. */
export function demandsOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): OperationDemands {
  const fragments = fragmentsOf(document);
  const scopes = new Map<Scope, string>();
  const grants = new Map<Grant, string>();
  const rootFields: string[] = [];
  let withoutRule: string | null = null;
  const root = schema.getRootType(operation.operation);
  const seen = new Set<string>();

  function demand(type: string, field: string): void {
    const place = `${type}.${field}`;
    const rule = fieldRule(schema, type, field);
    if (rule === null) withoutRule ??= place;
    else if (typeof rule === 'object') {
      for (const grant of rule) if (!grants.has(grant)) grants.set(grant, place);
    } else {
      const scope = SCOPES.find((known) => known === rule);
      if (scope && !scopes.has(scope)) scopes.set(scope, place);
    }
  }

  function visit(type: GraphQLCompositeType, { selections }: SelectionSetNode): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const name = selection.name.value;
        const fragment = fragments.get(name);
        if (!fragment || seen.has(name)) continue;
        seen.add(name);
        visitOn(fragment.typeCondition.name.value, fragment.selectionSet);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        visitOn(selection.typeCondition?.name.value ?? type.name, selection.selectionSet);
      } else {
        const field = selection.name.value;
        if (field === '__typename') continue;
        if (type === root) rootFields.push(field);
        // One right covers the whole introspection, so nothing below this field is read.
        if (field.startsWith('__')) {
          if (!grants.has('introspection')) grants.set('introspection', field);
          continue;
        }
        demand(type.name, field);
        const definition = isObjectType(type) || isInterfaceType(type) ? type.getFields()[field] : undefined;
        const below = definition && getNamedType(definition.type);
        if (selection.selectionSet && isCompositeType(below)) visit(below, selection.selectionSet);
      }
    }
  }

  function visitOn(name: string, selectionSet: SelectionSetNode): void {
    const type = schema.getType(name);
    if (isCompositeType(type)) visit(type, selectionSet);
  }

  if (root) visit(root, operation.selectionSet);
  return { scopes, grants, withoutRule, rootFields };
}

/** The message that refuses the operation to `caller`, null if it may run. */
export function refusalFor(caller: Caller, { scopes, grants, withoutRule }: OperationDemands): string | null {
  const missing = [
    ...SCOPES.flatMap((scope) => (scopes.has(scope) && !hasScope(caller, scope) ? [`the scope ${scope} (${scopes.get(scope)})`] : [])),
    ...GRANTS.flatMap((grant) => (grants.has(grant) && !caller.grants.has(grant) ? [`the grant ${grant} (${grants.get(grant)})`] : [])),
    ...(withoutRule === null ? [] : [`a field that nobody may select (${withoutRule})`]),
  ];
  if (missing.length === 0) return null;
  return `Nothing was run: the operation needs ${missing.join(' and ')}, which your key or token does not have. Leave that out, or ask for it.`;
}
