import { isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';
import { GRANTS, SCOPES, type Grant, type Scope } from '../resolvers/access/caller.ts';

/**
 * The right that a caller needs to select a field. To change a right, change `extensions` where the field is declared: it stands on
 * the field (`extensions: OWNED`), or on the type for all its fields without a rule of their own. Nobody can select a field without
 * a rule; a test fails and names it.
 *
 * - `OPEN`: the field tells nothing about any account.
 * - `OWNED`: the field belongs to an object whose account was checked before.
 * - `SELF`: the field tells a caller about itself. It needs no scope.
 * - `read`, `write`, `terminate`, `admin`: an entry point. The caller needs the scope for at least one account. The resolver checks for which.
 * - grants: an operation that selects the field without them is refused as a whole, before anything runs.
 */
export type FieldRule = 'OPEN' | 'OWNED' | 'SELF' | Scope | readonly Grant[];

export const OPEN = rule('OPEN');
export const OWNED = rule('OWNED');
export const SELF = rule('SELF');
export const READ = rule('read');
export const WRITE = rule('write');
export const TERMINATE = rule('terminate');
export const ADMIN = rule('admin');
export const CREDENTIAL = rule(['deviceCredential']);
export const ACTIVATION_CODE = rule(['activationCode']);
/** A whole message as it came. The carrier may have put any secret into it. */
export const ANY_SECRET = rule(['deviceCredential', 'activationCode']);

function rule(given: FieldRule): { readonly rule: FieldRule } {
  return { rule: given };
}

/** The rule of a field. Null when it has none; then nobody may select it. */
export function fieldRule(schema: GraphQLSchema, typeName: string, fieldName: string): FieldRule | null {
  const type = schema.getType(typeName);
  if (!isObjectType(type) && !isInterfaceType(type)) return null;
  const field = type.getFields()[fieldName];
  const found = field && (field.extensions['rule'] ?? type.extensions['rule']);
  return isRule(found) ? found : null;
}

function isRule(value: unknown): value is FieldRule {
  if (Array.isArray(value)) return value.every((each) => GRANTS.some((grant) => grant === each));
  return value === 'OPEN' || value === 'OWNED' || value === 'SELF' || SCOPES.some((scope) => scope === value);
}
