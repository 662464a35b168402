import type { StoredRequest } from '../datasources/request-log/stored-request.ts';
import { operationNamed } from '../operations/index.ts';
import { mayUse } from '../resolvers/access/caller.ts';
import { cursorAt } from '../resolvers/requests/cursor.ts';
import type { WaitingPlace } from '../resolvers/requests/request-sender.ts';
import { builder } from './builder.ts';
import { CarrierRequest, RequestError } from './carrier-request.ts';
import { AFTER_DESCRIPTION, connectionOf, FIRST_DESCRIPTION, pageCursor, pageSize } from './connection.ts';
import { DeviceOutcome } from './device-outcome.ts';
import { OperationEnum, OutcomeStatusEnum, RequestOriginEnum, RequestStatusEnum } from './enums.ts';
import { Node } from './node.ts';
import { Progress } from './progress.ts';
import { OWNED } from './rules.ts';

const RequestOutcomesConnection = connectionOf('RequestOutcomes', 'device outcome', DeviceOutcome);

const QueuePlace = builder.objectRef<WaitingPlace>('QueuePlace').implement({
  extensions: OWNED,
  description: 'A place in the queue of requests that wait to be sent. Billing accounts take turns in it.',
  fields: (t) => ({
    position: t.exposeInt('position', { description: '1 for the next to be sent.' }),
    expectedAt: t.field({
      type: 'DateTime',
      description: 'When it is expected to be sent (or tried again), by the carrier’s limit of requests a minute. An estimate.',
      resolve: ({ expectedAt }) => new Date(expectedAt),
    }),
  }),
});

const RequestRef = builder.objectRef<StoredRequest>('Request');

export const Request = RequestRef.implement({
  extensions: OWNED,
  description:
    'One accepted mutation, from before the carrier has heard of it until every device is settled. Follow it with `requestStatus`.',
  interfaces: [Node],
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'id' in value && String(value.id).startsWith('req_'),
  fields: (t) => ({
    operation: t.field({
      type: OperationEnum,
      nullable: true,
      description: 'What it asks for; null for a request of another tool.',
      resolve: ({ operation }) => operationNamed(operation)?.name ?? null,
    }),
    accountName: t.exposeString('account', { description: 'The billing account.' }),
    origin: t.expose('origin', { type: RequestOriginEnum, description: 'Who made it.' }),
    status: t.expose('status', { type: RequestStatusEnum, description: 'How it stands as a whole.' }),
    deviceCount: t.exposeInt('total', {
      nullable: true,
      description:
        'Devices the mutation named, or that were in the group or account when it was sent (`deviceCountIsEstimate`). Null where only the carrier knows: another tool’s request, a group that could not be read.',
    }),
    deviceCountIsEstimate: t.exposeBoolean('totalIsEstimate', {
      description:
        'True when the devices were read from the carrier right before a group or a whole account was activated: those that the carrier took may be others.',
    }),
    progress: t.field({ type: Progress, description: 'Devices by status.', resolve: ({ progress }) => progress }),
    carrierRequests: t.field({
      type: [CarrierRequest],
      description: 'What was, or will be, sent to the carrier.',
      resolve: async ({ id }, _args, { loaders }) => [...(await loaders.carrierRequests.load(id))],
    }),
    queue: t.field({
      type: QueuePlace,
      nullable: true,
      description: 'Where it stands while it waits to be sent; null when nothing of it waits.',
      resolve: ({ id }, _args, { sender }) => sender.placeOf(id),
    }),
    retryOf: t.field({
      type: RequestRef,
      nullable: true,
      description: 'The request whose failed devices this one tries again.',
      resolve: ({ retryOf, account }, _args, { loaders, caller }) =>
        retryOf === null || !mayUse(caller, account, 'read') ? null : loaders.request.load(retryOf),
    }),
    retries: t.field({
      type: [RequestRef],
      description: 'Requests that try its failed devices again, oldest first. None for who may not read the account.',
      resolve: async ({ id, account }, _args, { loaders, caller }) =>
        mayUse(caller, account, 'read') ? [...((await loaders.retries.load(id)) ?? [])] : [],
    }),
    error: t.expose('error', { type: RequestError, nullable: true, description: 'Why it was refused, was not answered, or still waits.' }),
    clientReference: t.exposeString('clientReference', { nullable: true, description: 'The name the caller gave it.' }),
    createdBy: t.exposeString('createdBy', { description: 'Who called the mutation.' }),
    createdAt: t.field({ type: 'DateTime', description: 'When it was taken on.', resolve: ({ createdAt }) => new Date(createdAt) }),
    updatedAt: t.field({ type: 'DateTime', description: 'When anything last changed.', resolve: ({ updatedAt }) => new Date(updatedAt) }),
    completedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it first became terminal.',
      resolve: ({ completedAt }) => (completedAt === null ? null : new Date(completedAt)),
    }),
    cursor: t.field({
      type: 'Cursor',
      description: 'The place in the log this answer shows: pass it as `after` of `requestStatus` to follow on from here.',
      resolve: ({ id, lastSeq }, _args, { requestLog }) => cursorAt(id, lastSeq, requestLog.epoch),
    }),
    outcomes: t.field({
      type: RequestOutcomesConnection,
      description: 'Its devices, in the order of the mutation’s list.',
      args: {
        status: t.arg({ type: [OutcomeStatusEnum], required: false, description: 'Only devices at one of these statuses.' }),
        first: t.arg.int({ required: false, description: FIRST_DESCRIPTION }),
        after: t.arg.string({ required: false, description: AFTER_DESCRIPTION }),
      },
      resolve: async ({ id: requestId }, { status, first, after }, { loaders }) => ({
        ...(await loaders.outcomePage.load({
          requestId,
          statuses: status ?? null,
          afterIndex: Number(pageCursor('outcomes', /^\d{1,9}$/, after) ?? -1),
          limit: pageSize(first),
        })),
        cursorOf: ({ index }: { index: number }) => String(index),
      }),
    }),
  }),
});
