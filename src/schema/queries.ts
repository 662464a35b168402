import { parseOutcomeId } from '../datasources/request-log/stored-request.ts';
import { accountsWith, mayUse, type Caller, type Scope } from '../resolvers/access/caller.ts';
import { findRequest, REQUEST_ID } from '../resolvers/requests/find-request.ts';
import { countRequests, listRequests } from '../resolvers/requests/list-requests.ts';
import { builder } from './builder.ts';
import type { GraphContext } from './context.ts';
import { connectionOf, listArgs, pageCursor, pageSize } from './connection.ts';
import { DeviceIdentifierKindEnum, OperationEnum, RequestStatusEnum } from './enums.ts';
import { isSelected } from './is-selected.ts';
import { Node } from './node.ts';
import { pageOfRequests, RequestConnection } from './request-connection.ts';
import { Request } from './request.ts';
import { UnclaimedCallback } from './unclaimed-callback.ts';
import { READ } from './rules.ts';

const DeviceIdInput = builder.inputType('DeviceIdentifierFilter', {
  description: 'Names a device by one of its identifiers.',
  fields: (t) => ({
    kind: t.field({ type: DeviceIdentifierKindEnum, required: true, description: 'The kind of the identifier.' }),
    value: t.string({
      required: true,
      description:
        'The identifier. It is found in every spelling: an IMEI with 14, 15 or 16 digits, an ICCID with 19 or 20 or with a trailing F, an MDN also by its MSISDN, all with or without blanks and dashes. A value that no such identifier has is an error (BAD_USER_INPUT).',
    }),
  }),
});

const RequestFilter = builder.inputType('RequestFilter', {
  description: 'Narrows a list of requests. A request must match every field that is given.',
  fields: (t) => ({
    status: t.field({ type: [RequestStatusEnum], required: false, description: 'Requests with one of these statuses.' }),
    operation: t.field({ type: OperationEnum, required: false, description: 'Requests for this operation.' }),
    deviceId: t.field({
      type: DeviceIdInput,
      required: false,
      description: 'Requests about this device. It is found by the identifiers of the mutation and by those that the carrier reported.',
    }),
    search: t.string({
      required: false,
      description:
        'Requests that this text may mean, for a search box. It is an identifier of a device, of whatever kind (by its length and digits, with or without blanks and dashes), the id of a request, a requestId of the carrier, or the beginning of a `clientReference`. Digits that can be none of these are an error (BAD_USER_INPUT). A blank text narrows nothing.',
    }),
    clientReference: t.string({ required: false, description: 'Requests with exactly this `clientReference`.' }),
    since: t.field({ type: 'DateTime', required: false, description: 'Requests that were created at this moment or later.' }),
    until: t.field({ type: 'DateTime', required: false, description: 'Requests that were created before this moment.' }),
  }),
});

const UnclaimedCallbackConnection = connectionOf('UnclaimedCallback', 'unclaimed callback', UnclaimedCallback, ({ id }) => [
  'unclaimedCallbacks',
  id,
]);

builder.queryType({
  description: 'What the gateway knows: requests, their devices, and callbacks that belong to no request.',
  fields: (t) => ({
    request: t.field({
      extensions: READ,
      type: Request,
      nullable: true,
      description: 'One request. Null when there is none with this id, or when you may not see it.',
      args: { id: t.arg.id({ required: true, description: 'The `id` of a request (`req_…`), or a requestId of the carrier.' }) },
      resolve: (_parent, { id }, { store, caller, loaders }) =>
        findRequest(store.requests, caller, id, (ownId) => loaders.request.load(ownId)),
    }),
    requests: t.field({
      extensions: READ,
      type: RequestConnection,
      description: 'Requests, newest first.',
      args: {
        filter: t.arg({ type: RequestFilter, required: false, description: 'Narrows the list.' }),
        ...listArgs('requests', 'read'),
      },
      resolve: async (_parent, { accountName, filter, first, after }, { store, caller, nextTurn, changes }, info) => {
        const asked = {
          accounts: accountsFor(caller, 'read', accountName),
          statuses: filter?.status ?? undefined,
          operation: filter?.operation ?? undefined,
          clientReference: filter?.clientReference ?? undefined,
          deviceId: filter?.deviceId,
          search: filter?.search,
          since: filter?.since ?? undefined,
          until: filter?.until ?? undefined,
        };
        const place = pageCursor('requests', after, store);
        const limit = pageSize(first);
        // Before the page: what changes while it is read is told.
        const isFollowed = typeof accountName === 'string' && mayUse(caller, accountName, 'read') && isSelected(info, 'changesCursor');
        const changesCursor = isFollowed ? await changes.cursorNow(accountName) : null;
        const page = await listRequests(store.requests, asked, place, limit, nextTurn);
        return pageOfRequests(page, () => countRequests(store.requests, asked, nextTurn), changesCursor);
      },
    }),
    unclaimedCallbacks: t.field({
      extensions: READ,
      type: UnclaimedCallbackConnection,
      description:
        'Callbacks that belong to no request, oldest first. Some are for requests of another tool: after two minutes those become a request of origin EXTERNAL. Others come from services that this gateway does not follow.',
      args: {
        ...listArgs('unclaimed callbacks', 'read'),
      },
      resolve: (_parent, { accountName, first, after }, { store, caller, nextTurn }) =>
        store.unclaimed.unclaimed(
          accountsFor(caller, 'read', accountName),
          pageCursor('unclaimedCallbacks', after, store),
          pageSize(first),
          nextTurn,
        ),
    }),
    node: t.field({
      extensions: READ,
      type: Node,
      nullable: true,
      description:
        'An object by its global id. Null when there is none, or when you may not see it. Dead letters and audit entries are shown to an admin of their account.',
      args: { id: t.arg.id({ required: true, description: 'The `id` of anything: `req_…`, `out_…`, `dead_…`, `unc_…` or `aud_…`.' }) },
      resolve: (_parent, { id }, context) => findNode(id, context),
    }),
  }),
});

/** The accounts that a list may show; null for all. */
export function accountsFor(caller: Caller, scope: Scope, asked: string | null | undefined): readonly string[] | null {
  if (asked === null || asked === undefined) return accountsWith(caller, scope);
  return mayUse(caller, asked, scope) ? [asked] : [];
}

/** What the caller may not see is not read at all. Otherwise the answer would take longer than for what does not exist. */
async function findNode(id: string, { store, caller, loaders }: GraphContext) {
  switch (id.split('_', 1)[0]) {
    case 'dead':
      return (await store.deadLetters.deadLettersById([id], accountsWith(caller, 'admin'))).get(id) ?? null;
    case 'unc':
      return (await store.unclaimed.unclaimedById([id], accountsWith(caller, 'read'))).get(id) ?? null;
    case 'aud':
      return (await store.audit.auditEntriesById([id], accountsWith(caller, 'admin'))).get(id) ?? null;
  }
  const requestId = REQUEST_ID.test(id) ? id : parseOutcomeId(id)?.requestId;
  if (requestId === undefined) return null;
  const request = await findRequest(store.requests, caller, requestId, (ownId) => loaders.request.load(ownId));
  return request && requestId !== id ? loaders.outcome.load(id) : request;
}
