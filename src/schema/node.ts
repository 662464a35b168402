import type { StoredOutcome, StoredRequest } from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';
import { OPEN, OWNED } from './rules.ts';

/** Which type an id names, by its prefix: ids are global as they are, without an encoding. */
export const Node = builder.interfaceRef<StoredRequest | StoredOutcome>('Node').implement({
  extensions: OWNED,
  description: 'An object with a global id, which `node(id:)` finds again. Clients may merge what they learn of one id.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Global id: `req_…` for a request, `out_…` for a device’s outcome.' }),
  }),
});

export const PageInfo = builder.objectRef<{ hasNextPage: boolean; endCursor: string | null }>('PageInfo').implement({
  extensions: OWNED,
  description: 'Where a page of a connection ends.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { extensions: OPEN, description: 'Whether there is more after this page.' }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description: 'Pass as `after` to read the next page; null for an empty page.',
    }),
    hasPreviousPage: t.boolean({ extensions: OPEN, description: 'Always false: pages are read forward.', resolve: () => false }),
    startCursor: t.string({ nullable: true, description: 'Always null: pages are read forward.', resolve: () => null }),
  }),
});
