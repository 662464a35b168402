import { isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';
import { GRANTS, SCOPES, type Grant, type Scope } from '../resolvers/access/caller.ts';

/**
 * What a caller must have to select a field. It stands on the field, or on its type for all fields without one of their own:
 * `extensions: OWNED`. A field with neither cannot be selected by anybody, and a test names it.
 *
 * - `OPEN`: it tells nothing of any account.
 * - `OWNED`: it is part of an object whose account was checked on the way to it; asking for the object is asking for it.
 * - `read`, `write`, `admin`: a way in. The caller has the scope with some account; the resolver asks with which.
 * - grants: an operation that selects it without them is refused as a whole, before anything runs.
 */
export type FieldRule = 'OPEN' | 'OWNED' | Scope | readonly Grant[];

export const OPEN = rule('OPEN');
export const OWNED = rule('OWNED');
export const READ = rule('read');
export const WRITE = rule('write');
export const ADMIN = rule('admin');
export const CREDENTIAL = rule(['deviceCredential']);
export const ACTIVATION_CODE = rule(['activationCode']);
/** A whole message as it came: whatever the carrier had put into it. */
export const ANY_SECRET = rule(['deviceCredential', 'activationCode']);

function rule(given: FieldRule): { readonly rule: FieldRule } {
  return { rule: given };
}

/** Null for a field without a rule, which nobody may select. */
export function fieldRule(schema: GraphQLSchema, typeName: string, fieldName: string): FieldRule | null {
  const type = schema.getType(typeName);
  if (!isObjectType(type) && !isInterfaceType(type)) return null;
  const field = type.getFields()[fieldName];
  const found = field && (field.extensions['rule'] ?? type.extensions['rule']);
  return isRule(found) ? found : null;
}

function isRule(value: unknown): value is FieldRule {
  if (Array.isArray(value)) return value.every((each) => GRANTS.some((grant) => grant === each));
  return value === 'OPEN' || value === 'OWNED' || SCOPES.some((scope) => scope === value);
}
