import { GatewayError } from '../errors.ts';
import { findLimitWarnings } from '../resolvers/requests/line-warnings.ts';
import { LineWarningType, MAX_WARNINGS } from './line-warning.ts';
import { operationNamed } from '../operations/index.ts';
import { mayUse } from '../resolvers/access/caller.ts';
import { cursorAt } from '../resolvers/requests/cursor.ts';
import { countFaults, MAX_CODES } from '../resolvers/requests/failed-devices.ts';
import { decideActions, REQUEST_ACTIONS } from '../resolvers/requests/request-actions.ts';
import type { WaitingPlace } from '../resolvers/requests/request-sender.ts';
import { MAX_ENTRIES } from '../resolvers/requests/timeline.ts';
import { builder } from './builder.ts';
import { CarrierRequest, RequestError } from './carrier-request.ts';
import { connectionOf, PAGE_ARGS, pageCursor, pageSize } from './connection.ts';
import { DeviceOutcome } from './device-outcome.ts';
import { OperationEnum, OutcomeStatusEnum, RequestOriginEnum, RequestStatusEnum } from './enums.ts';
import { FaultCount } from './fault-count.ts';
import { atMost, OF_PAGE, pageSizes } from './list-sizes.ts';
import { nodeOf } from './node.ts';
import { Progress } from './progress.ts';
import { RequestInput } from './request-input.ts';
import { RequestAction } from './request-action.ts';
import { RequestRef } from './request-ref.ts';
import { OWNED } from './rules.ts';
import { TimelineEntry } from './timeline.ts';

const RequestOutcomesConnection = connectionOf('RequestOutcomes', 'device outcome', DeviceOutcome, ({ requestId, index }) => [
  `${requestId}/outcomes`,
  index,
]);

const QueuePlace = builder.objectRef<WaitingPlace>('QueuePlace').implement({
  extensions: OWNED,
  description: 'A place in the queue of requests that wait to be sent. In the queue billing accounts take turns.',
  fields: (t) => ({
    position: t.exposeInt('position', { description: 'The place. The request at 1 is sent next.' }),
    expectedAt: t.expose('expectedAt', {
      type: 'DateTime',
      description: 'When the request will probably be sent, or tried again. An estimate by the carrier’s limit of requests a minute.',
    }),
  }),
});

/** 10,000 devices are 100 requests of a profile operation, which takes 100 devices. */
const MAX_CARRIER_REQUESTS = 100;

const RequestRetriesConnection = connectionOf('RequestRetries', 'retry', RequestRef, ({ id, retryOf }) => [`${retryOf}/retries`, id]);

export const Request = RequestRef.implement({
  extensions: OWNED,
  description:
    'One accepted mutation. It exists before the carrier knows of it, and is followed until every device is settled. Follow it with `requestStatus`.',
  ...nodeOf('req'),
  fields: (t) => ({
    operation: t.field({
      type: OperationEnum,
      nullable: true,
      description: 'What the request asks the carrier to do. Null for a request of another tool.',
      resolve: ({ operation }) => operationNamed(operation)?.name ?? null,
    }),
    accountName: t.exposeString('account', { description: 'The billing account.' }),
    origin: t.expose('origin', { type: RequestOriginEnum, description: 'Where the request was made.' }),
    status: t.expose('status', { type: RequestStatusEnum, description: 'The status of the request as a whole.' }),
    revision: t.exposeInt('lastSeq', {
      description:
        'How new this state of the request is: the highest of its revisions is the newest, wherever it was read. A cache keeps what has the higher revision; of two with the same, the one that came later. (`queue` and `retries` may change without a new revision.)',
    }),
    deviceCount: t.exposeInt('total', {
      nullable: true,
      description:
        'How many devices the mutation named. For a group or a whole account: how many it had when the request was sent (`deviceCountIsEstimate`). Null when only the carrier knows, for a request of another tool or a group that could not be read.',
    }),
    deviceCountIsEstimate: t.exposeBoolean('totalIsEstimate', {
      description:
        'True when `deviceCount` is the number of devices that a group or a whole account had right before the request was sent. The carrier may have chosen others.',
    }),
    progress: t.expose('progress', { type: Progress, description: 'Devices by status.' }),
    faultCounts: t.field({
      extensions: atMost(MAX_CODES),
      type: [FaultCount],
      description:
        'The FAILED devices by their fault code, most frequent first: at most 100 codes. A device that failed without a code is in none of them, and neither is a REJECTED one.',
      resolve: async ({ id, progress }, _args, { loaders }) =>
        progress.FAILED === 0 ? [] : [...countFaults(await loaders.failedDevices.load(id))],
    }),
    carrierRequests: t.field({
      extensions: OF_PAGE,
      type: [CarrierRequest],
      description:
        'The POSTs that were sent, or will be sent, to the carrier, in the order of their devices. At most 100: a POST takes 10,000 devices, for profile operations 100. In a list of requests ask for few: each counts as an object of your operation.',
      args: {
        first: t.arg.int({
          extensions: pageSizes(MAX_CARRIER_REQUESTS, MAX_CARRIER_REQUESTS),
          required: false,
          description: `Only the first of them: 1 to ${MAX_CARRIER_REQUESTS}. Default: all.`,
        }),
      },
      resolve: async ({ id }, { first }, { loaders }) =>
        (await loaders.carrierRequests.load(id)).slice(0, pageSize(first, MAX_CARRIER_REQUESTS, MAX_CARRIER_REQUESTS)),
    }),
    input: t.field({
      type: RequestInput,
      nullable: true,
      description: 'What the mutation asked for, apart from the devices and from everything personal. Null for a request of another tool.',
      resolve: async ({ id, operation }, _args, { loaders }) => {
        const settings = await loaders.settings.load(id);
        return (settings && operationNamed(operation)?.shownOf(settings)) ?? null;
      },
    }),
    warnings: t.field({
      extensions: atMost(MAX_WARNINGS),
      type: [LineWarningType],
      description:
        'Lines of the request that had been changed as often as the carrier allows when it was made. Empty when the carrier chose the devices.',
      resolve: async ({ id, account, createdAt }, _args, { store, nextTurn }) => {
        const sendable = await store.requests.sendable(id);
        const operation = operationNamed(sendable?.request.operation ?? null);
        const devices = sendable?.devices ?? null;
        return operation ? [...(await findLimitWarnings(store, { operation, account, devices, at: createdAt }, nextTurn))] : [];
      },
    }),
    queue: t.field({
      type: QueuePlace,
      nullable: true,
      description: 'The place of the request in the queue. Null when no part of it waits to be sent.',
      resolve: ({ id }, _args, { sender }) => sender.placeOf(id),
    }),
    retryOf: t.field({
      type: RequestRef,
      nullable: true,
      description: 'The request whose failed devices this one tries again. Null when it is no retry, or when you may not read the account.',
      resolve: ({ retryOf, account }, _args, { loaders, caller }) =>
        retryOf === null || !mayUse(caller, account, 'read') ? null : loaders.request.load(retryOf),
    }),
    retries: t.field({
      type: RequestRetriesConnection,
      description: 'Requests that try the failed devices of this one again, oldest first. Empty when you may not read the account.',
      args: PAGE_ARGS,
      resolve: ({ id, account }, { first, after }, { loaders, caller, store }) =>
        mayUse(caller, account, 'read')
          ? loaders.retryPage.load({ requestId: id, after: pageCursor(`${id}/retries`, after, store), limit: pageSize(first) })
          : { rows: [], hasMore: false },
    }),
    timeline: t.field({
      extensions: atMost(MAX_ENTRIES),
      type: [TimelineEntry],
      description:
        'The life of the request in a few entries, in the order in which things first happened. Devices are counted and not listed: 10,000 of them make no more entries than one.',
      resolve: async (request, _args, { loaders, timelines }) => {
        const [parts, retries] = await Promise.all([loaders.carrierRequests.load(request.id), loaders.retrySpan.load(request.id)]);
        return [...(await timelines.of(request, parts.length, retries))];
      },
    }),
    actions: t.field({
      extensions: atMost(REQUEST_ACTIONS.length),
      type: [RequestAction],
      description:
        'What you may do with the request now, and why not what you may not: one entry for each action. The mutations decide in the same way.',
      resolve: async (request, _args, { loaders, caller }) => [
        ...(await decideActions(caller, request, await loaders.carrierRequests.load(request.id), async () => ({
          failed: await loaders.failedDevices.load(request.id),
          retried: await loaders.retriedDevices.load(request.id),
        }))),
      ],
    }),
    error: t.expose('error', {
      type: RequestError,
      nullable: true,
      description: 'Why the request was refused, was not answered or still waits. Null without such a reason.',
    }),
    clientReference: t.exposeString('clientReference', {
      nullable: true,
      description: 'The caller’s own name for the request. Null when the mutation gave none.',
    }),
    createdBy: t.exposeString('createdBy', {
      description:
        'Who called the mutation: `key:` and the name of an API key, `sub:` and the subject of a token, or `local`. It is `external` for a request of another tool.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the request was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the request or one of its devices last changed.' }),
    completedAt: t.expose('completedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the status first became terminal. Null before.',
    }),
    cursor: t.field({
      type: 'Cursor',
      description: 'The position of this answer in the log. Pass it as `after` of `requestStatus` to follow the request from here.',
      resolve: ({ id, lastSeq }, _args, { store }) => cursorAt(id, lastSeq, store.epoch),
    }),
    outcomes: t.field({
      type: RequestOutcomesConnection,
      description: 'The devices of the request, in the order of the mutation’s list.',
      args: {
        status: t.arg({ type: [OutcomeStatusEnum], required: false, description: 'Only devices with one of these statuses.' }),
        faultCode: t.arg.stringList({
          required: false,
          description: 'Only FAILED devices with one of these fault codes, each exactly as in `Fault.code`: at most 100 codes.',
        }),
        search: t.arg.string({
          required: false,
          description:
            'Only devices with an identifier that contains this text, whatever its kind: the end of an ICCID, a phone number. Identifiers of the mutation and of callbacks count. Blanks and dashes do not. At most 64 characters, with at least one letter or digit.',
        }),
        ...PAGE_ARGS,
      },
      resolve: ({ id: requestId }, { status, faultCode, search, first, after }, { loaders, store }) =>
        loaders.outcomePage.load({
          requestId,
          statuses: status ?? null,
          faultCodes: checkFaultCodes(faultCode),
          search: checkSearch(search),
          afterIndex: Number(pageCursor(`${requestId}/outcomes`, after, store) ?? -1),
          limit: pageSize(first),
        }),
    }),
  }),
});

/** @throws GatewayError BAD_USER_INPUT */
function checkFaultCodes(codes: readonly string[] | null | undefined): readonly string[] | null {
  if (!codes) return null;
  if (codes.length > 100) throw new GatewayError('BAD_USER_INPUT', '`faultCode` may have at most 100 codes.');
  return codes;
}

/** @throws GatewayError BAD_USER_INPUT */
function checkSearch(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  if (text.length > 64 || !/[\p{L}\p{N}]/u.test(text))
    throw new GatewayError('BAD_USER_INPUT', '`search` must have 1 to 64 characters, one of them a letter or digit of an identifier.');
  return text;
}
