import type { TimelineEntry as Entry, TimelineKind } from '../resolvers/requests/timeline.ts';
import { builder } from './builder.ts';
import { enumOf, RequestStatusEnum } from './enums.ts';
import { OWNED } from './rules.ts';

const TimelineKindEnum = enumOf<TimelineKind>('TimelineKind', 'What happened to a request.', {
  CREATED: 'The request was stored. It waits to be sent.',
  DEVICES_READ: 'The devices of the group or account were read before it was sent.',
  SENT: 'A carrier request was sent.',
  PUT_OFF: 'A carrier request had no effect, and waits to be sent again.',
  ACCEPTED: 'The carrier accepted a carrier request.',
  REFUSED: 'The carrier refused a carrier request.',
  UNANSWERED: 'A carrier request was sent, and no answer came.',
  PROVEN: 'A carrier request that was not answered turned out to have arrived.',
  CANCELLED: 'A carrier request was cancelled, or an operator stated that it never arrived.',
  CLOSED: 'Nothing more is expected from a carrier request.',
  FIRST_REPORT: 'The first callback came.',
  DEVICES_SUCCEEDED: 'Devices reported success.',
  DEVICES_FAILED: 'Devices reported a failure.',
  DEVICES_RECONCILED: 'The carrier’s records showed the result of devices.',
  DEVICES_OVERDUE: 'Devices had not reported in the usual time.',
  DEVICES_EXPIRED: 'Devices were given up.',
  CALLBACKS_UNMATCHED: 'Callbacks came that could not be matched to one device at that time.',
  CONTRADICTIONS: 'Callbacks said the opposite of an earlier final one.',
  NIDD_REPORTS: 'NB-IoT devices reported a second time.',
  COMPLETED: 'The request reached a terminal status. See `status`.',
  OPENED_AGAIN: 'The request was terminal, and is open again.',
  RETRIED: 'A retry of failed devices was made. See `retries`.',
});

export const TimelineEntry = builder.objectRef<Entry>('TimelineEntry').implement({
  extensions: OWNED,
  description: 'One thing that happened to a request, once or many times.',
  fields: (t) => ({
    kind: t.expose('kind', { type: TimelineKindEnum, description: 'What happened.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened, or happened first.' }),
    lastAt: t.expose('lastAt', { type: 'DateTime', description: 'When it happened last. Equal to `at` when it happened once.' }),
    count: t.exposeInt('count', {
      description:
        'How often it happened. For the kinds that begin with `DEVICES_` it is the number of devices, for `DEVICES_READ` it is 1.',
    }),
    carrierRequestIndex: t.exposeInt('position', {
      nullable: true,
      description:
        'The position in `carrierRequests`, when the entry is about one of several. Null for the whole request, and when it has more than 10 carrier requests: these are told together.',
    }),
    status: t.expose('status', {
      type: RequestStatusEnum,
      nullable: true,
      description: 'The status of a COMPLETED request. Otherwise null.',
    }),
  }),
});
