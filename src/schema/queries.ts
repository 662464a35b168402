import { parseOutcomeId } from '../datasources/request-log/stored-request.ts';
import { identifierKey, parseIdentifierKind, type DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';
import { accountsWith, mayUse } from '../resolvers/access/caller.ts';
import { findRequest, REQUEST_ID } from '../resolvers/requests/find-request.ts';
import { builder } from './builder.ts';
import { AFTER_DESCRIPTION, connectionOf, FIRST_DESCRIPTION, pageCursor, pageSize } from './connection.ts';
import { DeviceIdentifierKindEnum, OperationEnum, RequestStatusEnum } from './enums.ts';
import { Node } from './node.ts';
import { Request } from './request.ts';
import { UnclaimedCallback } from './unclaimed-callback.ts';
import { READ } from './rules.ts';

const DeviceIdInput = builder.inputType('DeviceIdentifierFilter', {
  description: 'Names a device by one of its identifiers.',
  fields: (t) => ({
    kind: t.field({ type: DeviceIdentifierKindEnum, required: true, description: 'What the identifier identifies.' }),
    id: t.string({
      required: true,
      description: 'The identifier, digits only. An IMEI is found with 14, 15 or 16 digits, an MDN also as MSISDN.',
    }),
  }),
});

const RequestFilter = builder.inputType('RequestFilter', {
  description: 'Narrows a list of requests; what is left out does not narrow it.',
  fields: (t) => ({
    status: t.field({ type: [RequestStatusEnum], required: false, description: 'At one of these statuses.' }),
    operation: t.field({ type: OperationEnum, required: false, description: 'Asking for this.' }),
    deviceId: t.field({
      type: DeviceIdInput,
      required: false,
      description: 'About this device, by any identifier that was requested or learnt.',
    }),
    clientReference: t.string({ required: false, description: 'With exactly this name of the caller’s.' }),
    since: t.field({ type: 'DateTime', required: false, description: 'Taken on at this moment or later.' }),
    until: t.field({ type: 'DateTime', required: false, description: 'Taken on before this moment.' }),
  }),
});

const RequestConnection = connectionOf('Request', 'request', Request);
const UnclaimedCallbackConnection = connectionOf('UnclaimedCallback', 'unclaimed callback', UnclaimedCallback);

builder.queryType({
  description: 'What the gateway knows: requests, their devices, and callbacks that belong to no request yet.',
  fields: (t) => ({
    request: t.field({
      extensions: READ,
      type: Request,
      nullable: true,
      description: 'One request; null when there is none with this id, or it is not yours to see.',
      args: { id: t.arg.id({ required: true, description: 'The `id` of a request (`req_…`), or the carrier’s own requestId.' }) },
      resolve: (_parent, { id }, { requestLog, caller, loaders }) =>
        findRequest(requestLog, caller, id, (ownId) => loaders.request.load(ownId)),
    }),
    requests: t.field({
      extensions: READ,
      type: RequestConnection,
      description: 'Requests, newest first.',
      args: {
        accountName: t.arg.string({ required: false, description: 'Of this billing account; all of yours when left out.' }),
        filter: t.arg({ type: RequestFilter, required: false, description: 'Narrows the list.' }),
        first: t.arg.int({ required: false, description: FIRST_DESCRIPTION }),
        after: t.arg.string({ required: false, description: AFTER_DESCRIPTION }),
      },
      resolve: async (_parent, { accountName, filter, first, after }, { requestLog, caller }) => ({
        ...(await requestLog.list(
          {
            accounts: accountsFor(caller, accountName),
            statuses: filter?.status ?? undefined,
            operation: filter?.operation ?? undefined,
            clientReference: filter?.clientReference ?? undefined,
            deviceKeys: filter?.deviceId ? [keyFor(filter.deviceId)] : undefined,
            since: filter?.since?.getTime(),
            until: filter?.until?.getTime(),
          },
          pageCursor('requests', REQUEST_ID, after),
          pageSize(first),
        )),
        cursorOf: ({ id }: { id: string }) => id,
      }),
    }),
    unclaimedCallbacks: t.field({
      extensions: READ,
      type: UnclaimedCallbackConnection,
      description:
        'Callbacks that no request has: of another tool (after two minutes they become a request of origin EXTERNAL), or of services this gateway does not follow. Oldest first.',
      args: {
        accountName: t.arg.string({ required: false, description: 'That came for this billing account; all of yours when left out.' }),
        first: t.arg.int({ required: false, description: FIRST_DESCRIPTION }),
        after: t.arg.string({ required: false, description: AFTER_DESCRIPTION }),
      },
      resolve: async (_parent, { accountName, first, after }, { requestLog, caller }) => ({
        ...(await requestLog.unclaimed(
          accountsFor(caller, accountName),
          pageCursor('unclaimedCallbacks', /^\d{1,15}$/, after),
          pageSize(first),
        )),
        cursorOf: ({ id }: { id: string }) => id,
      }),
    }),
    node: t.field({
      extensions: READ,
      type: Node,
      nullable: true,
      description: 'Any object by its global id; null when there is none, or it is not yours to see.',
      args: { id: t.arg.id({ required: true, description: 'A `req_…` or `out_…` id.' }) },
      resolve: async (_parent, { id }, { requestLog, caller, loaders }) => {
        const requestId = REQUEST_ID.test(id) ? id : parseOutcomeId(id)?.requestId;
        if (requestId === undefined) return null;
        const request = await findRequest(requestLog, caller, requestId, (ownId) => loaders.request.load(ownId));
        // Nothing is read of another account's devices: it would take longer than of none.
        return request && requestId !== id ? loaders.outcome.load(id) : request;
      },
    }),
  }),
});

function accountsFor(caller: Parameters<typeof accountsWith>[0], asked: string | null | undefined): readonly string[] | null {
  if (asked === null || asked === undefined) return accountsWith(caller, 'read');
  return mayUse(caller, asked, 'read') ? [asked] : [];
}

function keyFor({ kind, id }: { kind: DeviceIdentifierKind; id: string }): string {
  return identifierKey(parseIdentifierKind(kind), id.trim(), kind);
}
