import type { StoredRequest } from '../datasources/request-log/request-log.ts';
import { isOperationName } from '../datasources/thingspace/operations.ts';
import { cursorAt } from '../resolvers/cursor.ts';
import { builder } from './builder.ts';
import { CarrierRequest, RequestError } from './carrier-request.ts';
import { AFTER_DESCRIPTION, connectionOf, FIRST_DESCRIPTION, pageCursor, pageSize } from './connection.ts';
import { DeviceOutcome } from './device-outcome.ts';
import { OperationEnum, OutcomeStatusEnum, RequestOriginEnum, RequestStatusEnum } from './enums.ts';
import { Node } from './node.ts';
import { Progress } from './progress.ts';

const RequestOutcomesConnection = connectionOf('RequestOutcomes', 'device outcome', DeviceOutcome);

export const Request = builder.objectRef<StoredRequest>('Request').implement({
  description:
    'One accepted mutation, from before the carrier has heard of it until every device is settled. Follow it with `requestStatus`.',
  interfaces: [Node],
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'id' in value && String(value.id).startsWith('req_'),
  fields: (t) => ({
    operation: t.field({
      type: OperationEnum,
      nullable: true,
      description: 'What it asks for; null for a request of another tool.',
      resolve: ({ operation }) => (operation !== null && isOperationName(operation) ? operation : null),
    }),
    accountName: t.exposeString('account', { description: 'The billing account.' }),
    origin: t.expose('origin', { type: RequestOriginEnum, description: 'Who made it.' }),
    status: t.expose('status', { type: RequestStatusEnum, description: 'How it stands as a whole.' }),
    deviceCount: t.exposeInt('total', {
      nullable: true,
      description: 'Devices the mutation named; null where only the carrier knows (a group, the whole account, another tool’s request).',
    }),
    progress: t.field({ type: Progress, description: 'Devices by status.', resolve: ({ progress }) => progress }),
    carrierRequests: t.field({
      type: [CarrierRequest],
      description: 'What was, or will be, sent to the carrier.',
      resolve: async ({ id }, _args, { loaders }) => [...(await loaders.carrierRequests.load(id))],
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
