import type { ObjectRef } from '@pothos/core';
import type { ActivityPage } from '../datasources/thingspace/activity-reads.ts';
import type { ConnectionEvent as Connection } from '../datasources/thingspace/wire/connection-history.ts';
import type { HistoryEvent } from '../datasources/thingspace/wire/device-history.ts';
import type { UsageDay as Day } from '../datasources/thingspace/wire/usage-history.ts';
import { MAX_RANGE_DAYS, type AskedRange } from '../resolvers/carrier/device-activity.ts';
import { builder } from './builder.ts';
import { pageSize } from './connection.ts';
import { enumOf } from './enums.ts';
import { OF_PAGE, pageSizes } from './list-sizes.ts';
import { OWNED } from './rules.ts';

const ENTRIES = { fallback: 100, most: 500 } as const;

const OCCURRED_AT = 'When it happened, by the carrier’s clock. Null when its date cannot be read.';

const ProvisioningEvent = builder.objectRef<HistoryEvent>('ProvisioningEvent').implement({
  extensions: OWNED,
  description: 'One change of a line at the carrier, by whomever it was made.',
  fields: (t) => ({
    occurredAt: t.expose('occurredAt', { type: 'DateTime', nullable: true, description: OCCURRED_AT }),
    event: t.exposeString('type', {
      nullable: true,
      description:
        'What was done, in the carrier’s words, which it does not list in full: `Activation Confirmed`, `Suspend`. Null when it is not told.',
    }),
    result: t.exposeString('status', {
      nullable: true,
      description: 'The carrier’s word for how it ended: `Success`. Null when it is not told.',
    }),
    servicePlan: t.exposeString('servicePlan', {
      nullable: true,
      description: 'The service plan after the change. Null when it is not told.',
    }),
    mdn: t.exposeString('mdn', { nullable: true, description: 'The phone number after the change. Null without one.' }),
  }),
});

const ConnectionEventKind = enumOf<'START' | 'STOP' | 'OTHER'>('ConnectionEventKind', 'What happened with a data session.', {
  START: 'A session began.',
  STOP: 'A session ended.',
  OTHER: 'Something else. See `eventText`.',
});

const ConnectionEvent = builder.objectRef<Connection>('ConnectionEvent').implement({
  extensions: OWNED,
  description: 'The beginning or the end of a data session.',
  fields: (t) => ({
    occurredAt: t.expose('occurredAt', { type: 'DateTime', nullable: true, description: OCCURRED_AT }),
    event: t.field({
      type: ConnectionEventKind,
      description: 'What happened.',
      resolve: ({ event }) => {
        const word = event?.toUpperCase();
        return word === 'START' || word === 'STOP' ? word : 'OTHER';
      },
    }),
    eventText: t.exposeString('event', { nullable: true, description: 'The carrier’s word for it. Null when it is not told.' }),
    bytesUsed: t.exposeString('bytesUsed', {
      nullable: true,
      description: 'The bytes of the session, in digits: read it with `BigInt`, because it may exceed 2^53. Null when it is not told.',
    }),
  }),
});

const UsageDay = builder.objectRef<Day>('UsageDay').implement({
  extensions: OWNED,
  description:
    'What a device used on one day. The carrier adds the data of a session within 15 minutes after its end, and messages within 3 days.',
  fields: (t) => ({
    startsAt: t.expose('startsAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The day: when it began. Null when its date cannot be read.',
    }),
    bytesUsed: t.exposeString('bytesUsed', {
      nullable: true,
      description: 'The bytes of the day, in digits: read it with `BigInt`, because it may exceed 2^53. Null when it is not told.',
    }),
    smsUsed: t.exposeInt('smsUsed', { nullable: true, description: 'The text messages of the day. Null when it is not told.' }),
    servicePlan: t.exposeString('servicePlan', { nullable: true, description: 'The service plan of the day. Null when it is not told.' }),
  }),
});

/** Declares the part of a range that one answer has. */
function activityOf<Entry>(name: string, entry: ObjectRef<typeof builder.$inferSchemaTypes, Entry>, description: string) {
  return builder.objectRef<ActivityPage<Entry>>(name).implement({
    extensions: OWNED,
    description,
    fields: (t) => ({
      entries: t.field({
        extensions: OF_PAGE,
        type: [entry],
        description: 'The entries, the oldest first.',
        resolve: ({ events }) => events as never,
      }),
      hasMore: t.exposeBoolean('hasMore', {
        description: 'True when the range has later entries. Ask again with the moment of the last one as `since`: that entry comes again.',
      }),
    }),
  });
}

export const DeviceHistory = activityOf('DeviceHistory', ProvisioningEvent, 'The changes of a line at the carrier in a range of time.');
export const DeviceConnections = activityOf('DeviceConnections', ConnectionEvent, 'The data sessions of a device in a range of time.');
export const DeviceUsage = activityOf('DeviceUsage', UsageDay, 'What a device used in a range of time, day by day.');

export const rangeArgs = () =>
  builder.args((t) => ({
    since: t.field({ type: 'DateTime', required: true, description: 'From this moment on.' }),
    until: t.field({
      type: 'DateTime',
      required: false,
      description: `To this moment, at most ${MAX_RANGE_DAYS} days after \`since\`. Default: now.`,
    }),
    first: t.int({
      extensions: pageSizes(ENTRIES.fallback, ENTRIES.most),
      required: false,
      description: `How many entries to return at most: 1 to ${ENTRIES.most}. Default: ${ENTRIES.fallback}.`,
    }),
  }));

interface RangeArgs {
  readonly since: number;
  readonly until?: number | null | undefined;
  readonly first?: number | null | undefined;
}

/** What the arguments mean. @throws GatewayError BAD_USER_INPUT */
export function readRange({ since, until, first }: RangeArgs): readonly [range: AskedRange, first: number] {
  return [{ since, until: until ?? null }, pageSize(first, ENTRIES.fallback, ENTRIES.most)];
}
