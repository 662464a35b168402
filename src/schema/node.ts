import type { AuditEntry } from '../datasources/request-log/audit-trail.ts';
import type { StoredDeadLetter } from '../datasources/request-log/dead-letter-log.ts';
import type { UnclaimedCallback } from '../datasources/request-log/unclaimed-log.ts';
import type { StoredOutcome, StoredRequest } from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';
import { OPEN, OWNED } from './rules.ts';

type AnyNode = StoredRequest | StoredOutcome | StoredDeadLetter | UnclaimedCallback | AuditEntry;

/** The prefix of an id tells its type. Ids are global without an encoding. */
export const Node = builder.interfaceRef<AnyNode>('Node').implement({
  extensions: OWNED,
  description: 'An object with a global id. `node(id:)` finds it again. A client may merge everything that it learns about one id.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description:
        'The global id: `req_…` for a request, `out_…` for a device’s outcome, `dead_…` for a dead letter, `unc_…` for an unclaimed callback, `aud_…` for an audit entry. It never names anything else.',
    }),
  }),
});

/** The settings of a type whose objects are Nodes. An id with the prefix makes a value one of them. */
export function nodeOf(prefix: 'req' | 'out' | 'dead' | 'unc' | 'aud') {
  return {
    interfaces: [Node],
    isTypeOf: (value: unknown) => typeof value === 'object' && value !== null && 'id' in value && String(value.id).startsWith(`${prefix}_`),
  };
}

export const PageInfo = builder.objectRef<{ hasNextPage: boolean; endCursor: string | null }>('PageInfo').implement({
  extensions: OWNED,
  description: 'Where a page of a connection ends.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { extensions: OPEN, description: 'True when there is another page after this one.' }),
    endCursor: t.expose('endCursor', {
      type: 'Cursor',
      nullable: true,
      description: 'Pass it as `after` to read the next page. Null for an empty page.',
    }),
    hasPreviousPage: t.boolean({
      extensions: OPEN,
      description: 'Always false, because pages are read forward.',
      resolve: () => false,
    }),
    startCursor: t.field({
      type: 'Cursor',
      nullable: true,
      description: 'Always null, because pages are read forward.',
      resolve: () => null,
    }),
  }),
});
