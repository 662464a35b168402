import { GatewayError } from '../errors.ts';
import type { RequestStatusEvent as Event } from '../resolvers/requests/follow-request.ts';
import { builder } from './builder.ts';
import { DeviceOutcome } from './device-outcome.ts';
import { RequestStatusEnum } from './enums.ts';
import { Progress } from './progress.ts';
import { Request } from './request.ts';
import { OWNED, READ } from './rules.ts';

const RequestStatusEvent = builder.objectRef<Event>('RequestStatusEvent').implement({
  extensions: OWNED,
  description:
    'A batch of what is new in one request. `status` and `progress` are as of `cursor`; a terminal status stands only in the last event.',
  fields: (t) => ({
    cursor: t.expose('cursor', {
      type: 'Cursor',
      description: 'Where this batch ends. Keep it: subscribing again with it as `after` goes on without a gap or a repeat.',
    }),
    status: t.expose('status', { type: RequestStatusEnum, description: 'How the request stood after this batch.' }),
    progress: t.field({ type: Progress, description: 'Devices by status after this batch.', resolve: ({ progress }) => progress }),
    request: t.field({
      type: Request,
      description: 'The request as it is now, which may be further on than this batch.',
      resolve: async ({ requestId }, _args, { loaders }) => {
        const request = await loaders.request.load(requestId);
        if (!request) throw new GatewayError('NOT_FOUND', 'The request was purged while it was followed.');
        return request;
      },
    }),
    outcomes: t.field({
      type: [DeviceOutcome],
      description:
        'Each device that changed in this batch, once, as of `cursor`. Devices still PENDING that nothing was heard of are not in it: read `request.outcomes`.',
      resolve: ({ outcomes }) => [...outcomes],
    }),
  }),
});

builder.subscriptionType({
  description: 'Live views. Each ends by itself when there is nothing more to come.',
  fields: (t) => ({
    requestStatus: t.field({
      extensions: READ,
      type: RequestStatusEvent,
      description:
        'Follows one request: what has happened so far in batches, then every change as it happens, and ends by itself with the terminal event. After a lost connection subscribe again with the last `cursor` as `after`. Errors at once: NOT_FOUND (no such request, or not yours), CURSOR_INVALID, CURSOR_EXPIRED.',
      args: {
        requestId: t.arg.id({
          required: true,
          description: 'The `id` of a request (`req_…`), or the carrier’s own requestId, which yields the whole request.',
        }),
        after: t.arg({
          type: 'Cursor',
          required: false,
          description: 'Go on after this cursor; `LATEST` for only what is new; from the beginning when left out.',
        }),
        batchSize: t.arg.int({ required: true, defaultValue: 100, description: 'Changes in one event at most: 1 to 1000.' }),
        untilNiddSettled: t.arg.boolean({
          required: false,
          description:
            'Stay open after the terminal event until every successful device has had its NIDD message (NB-IoT devices only get one; with others the stream stays open until you leave). False when left out.',
        }),
      },
      subscribe: (_parent, { requestId, after, batchSize, untilNiddSettled }, { feed, identity }) =>
        feed.follow(identity, { requestId, after: after ?? null, batchSize, untilNiddSettled: untilNiddSettled ?? false }),
      resolve: (event: Event) => event,
    }),
  }),
});
