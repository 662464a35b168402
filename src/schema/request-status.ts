import { GatewayError } from '../errors.ts';
import type { RequestStatusEvent as Event } from '../resolvers/requests/follow-request.ts';
import { builder } from './builder.ts';
import { DeviceOutcome } from './device-outcome.ts';
import { RequestStatusEnum } from './enums.ts';
import { Progress } from './progress.ts';
import { Request } from './request.ts';
import { BATCH_SIZE, MIN_INTERVAL_MS } from './event-args.ts';
import { OF_PAGE } from './list-sizes.ts';
import { OWNED, READ } from './rules.ts';

const RequestStatusEvent = builder.objectRef<Event>('RequestStatusEvent').implement({
  extensions: OWNED,
  description:
    'A batch of new changes of one request. `status` and `progress` show the request at `cursor`. Only the last event has a terminal status, and one before it where the request was corrected or opened again after an end.',
  fields: (t) => ({
    cursor: t.expose('cursor', {
      type: 'Cursor',
      description: 'Where this batch ends. Keep it: a new subscription with it as `after` goes on from here, without a gap or a repeat.',
    }),
    status: t.expose('status', { type: RequestStatusEnum, description: 'The status of the request after this batch.' }),
    progress: t.expose('progress', { type: Progress, description: 'Devices by status after this batch.' }),
    request: t.field({
      type: Request,
      description: 'The request as it is now. It may be further on than this batch.',
      resolve: async ({ requestId }, _args, { loaders }) => {
        const request = await loaders.request.load(requestId);
        if (!request) throw new GatewayError('NOT_FOUND', 'The request was purged while it was followed.');
        return request;
      },
    }),
    outcomes: t.field({
      extensions: OF_PAGE,
      type: [DeviceOutcome],
      description:
        'Each device that changed in this batch, once, at `cursor`. Devices without any report yet are not in it: read them from `request.outcomes`.',
      resolve: ({ outcomes }) => [...outcomes],
    }),
  }),
});

builder.subscriptionType({
  description: 'Live views. Each ends by itself when nothing more can come.',
  fields: (t) => ({
    requestStatus: t.field({
      extensions: READ,
      type: RequestStatusEvent,
      description:
        'Follows one request. It first replays in batches what has happened so far, and then sends each change as it happens. It ends by itself after the terminal event. A replay of a request that was corrected or opened again after an end goes on to its present state. When the connection is lost, subscribe again with the last `cursor` as `after`. It fails at once with NOT_FOUND (there is no such request, or you may not see it), CURSOR_INVALID or CURSOR_EXPIRED.',
      args: {
        requestId: t.arg.id({
          required: true,
          description: 'The `id` of a request (`req_…`), or a requestId of the carrier, which follows the whole request.',
        }),
        after: t.arg({
          type: 'Cursor',
          required: false,
          description: 'Go on after this cursor. `LATEST` follows only what is new. Default: from the beginning.',
        }),
        batchSize: t.arg.int({ ...BATCH_SIZE, description: 'Changes in one event at most: 1 to 1000.' }),
        minIntervalMs: t.arg.int({
          required: false,
          description: `${MIN_INTERVAL_MS} All changes of that time come in one event, each device once. The terminal event waits no longer either.`,
        }),
        untilNiddSettled: t.arg.boolean({
          required: false,
          description:
            '`true`: stay open after the terminal event until every successful device has had its NIDD message. Only NB-IoT devices get one; with other devices the subscription stays open until you end it. Default: `false`.',
        }),
      },
      // EventSource asks again with the same `after`. The id of the last event is newer.
      subscribe: (_parent, { requestId, after, batchSize, untilNiddSettled, minIntervalMs }, { feed, identity, lastEventId }) =>
        feed.follow(identity, {
          requestId,
          after: lastEventId ?? after ?? null,
          batchSize,
          untilNiddSettled: untilNiddSettled ?? false,
          minIntervalMs: minIntervalMs ?? 0,
        }),
      resolve: (event: Event) => event,
    }),
  }),
});
