import type { RequestsChangedEvent as Event } from '../resolvers/requests/follow-changes.ts';
import { builder } from './builder.ts';
import { OperationEnum, RequestOriginEnum } from './enums.ts';
import { BATCH_SIZE, MIN_INTERVAL_MS } from './event-args.ts';
import { OF_PAGE } from './list-sizes.ts';
import { Request } from './request.ts';
import { OWNED, READ } from './rules.ts';

const RequestsChangedEvent = builder.objectRef<Event>('RequestsChangedEvent').implement({
  extensions: OWNED,
  description: 'Requests of an account that have changed.',
  fields: (t) => ({
    cursor: t.expose('cursor', {
      type: 'Cursor',
      description: 'Keep it: a new subscription with it as `after` goes on from here without a gap. It may tell some states again.',
    }),
    requests: t.field({
      extensions: OF_PAGE,
      type: [Request],
      description:
        'Each request that has changed, once, as it is now. Not every step is told, only where it led; `revision` never goes back. It is empty in the first event of a subscription without `after`.',
      resolve: ({ requests }) => [...requests],
    }),
  }),
});

const RequestsChangedFilter = builder.inputType('RequestsChangedFilter', {
  description:
    'Narrows what is told of an account. A request must match every field that is given. There are only fields that never change, so the last change of a request is told too: a table that shows some statuses drops a request by its own `status`.',
  fields: (t) => ({
    operation: t.field({ type: OperationEnum, required: false, description: 'Requests for this operation.' }),
    origin: t.field({ type: RequestOriginEnum, required: false, description: 'Requests that were made there.' }),
    clientReference: t.string({ required: false, description: 'Requests with exactly this `clientReference`.' }),
    createdBy: t.string({ required: false, description: 'Requests of this caller, as in `Request.createdBy`.' }),
  }),
});

builder.subscriptionField('requestsChanged', (t) =>
  t.field({
    extensions: READ,
    type: RequestsChangedEvent,
    description:
      'Follows all requests of a billing account: each event has those that have changed, new ones among them, as they are now. It has no end. Without `after` it begins now, with an event that has a cursor and no requests. To begin with what is there, read `requests` with this account and pass its `changesCursor` as `after`. When the connection is lost, subscribe again with the last `cursor`. What is purged meanwhile is not told. It fails at once with NOT_FOUND (there is no such account, or you may not see it), CURSOR_INVALID or CURSOR_EXPIRED.',
    args: {
      accountName: t.arg.string({ required: true, description: 'The billing account.' }),
      filter: t.arg({ type: RequestsChangedFilter, required: false, description: 'Narrows what is told.' }),
      after: t.arg({
        type: 'Cursor',
        required: false,
        description: 'Go on after this cursor: of an event, or the `changesCursor` of a list. Default: only what changes from now on.',
      }),
      batchSize: t.arg.int({ ...BATCH_SIZE, description: 'Requests in one event at most: 1 to 1000.' }),
      minIntervalMs: t.arg.int({
        required: false,
        description: `${MIN_INTERVAL_MS} A request that changes often in that time comes once.`,
      }),
    },
    // EventSource asks again with the same `after`. The id of the last event is newer.
    subscribe: (_parent, { accountName, filter, after, batchSize, minIntervalMs }, { changes, identity, lastEventId }) =>
      changes.follow(identity, {
        account: accountName,
        filter: {
          operation: filter?.operation ?? undefined,
          origin: filter?.origin ?? undefined,
          clientReference: filter?.clientReference ?? undefined,
          createdBy: filter?.createdBy ?? undefined,
        },
        after: lastEventId ?? after ?? null,
        batchSize,
        minIntervalMs: minIntervalMs ?? 0,
      }),
    resolve: (event: Event) => event,
  }),
);
