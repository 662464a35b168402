import * as z from 'zod';
import { fieldsOf, lenientBoolean, lenientObjects, lenientText, listOrOne, parseCarrierDate } from './carrier-values.ts';

/** One line of a device's provisioning history. */
export interface HistoryEvent {
  /** Verbatim. The page lists `Activate`, `Suspend`, `Restore`, `Deactivate`, `Device Move`; its sample says `Activation Confirmed`. */
  readonly type: string | null;
  /** Verbatim. It is `Success` in all samples. */
  readonly status: string | null;
  /** Milliseconds, by the carrier's clock, to the second. Null when the date cannot be read. */
  readonly occurredAt: number | null;
  readonly servicePlan: string | null;
  readonly mdn: string | null;
  /** The event as it came. */
  readonly json: unknown;
}

const event = fieldsOf({
  eventType: lenientText,
  status: lenientText,
  occurredAt: z.unknown().optional(),
  servicePlan: lenientText,
  mdn: lenientText,
}).transform(({ eventType, occurredAt, ...rest }) => ({ ...rest, type: eventType, occurredAt: parseCarrierDate(occurredAt) }));

const part = fieldsOf({ provisioningHistory: listOrOne, hasMoreData: lenientBoolean }).refine(
  ({ provisioningHistory, hasMoreData }) => provisioningHistory !== null || hasMoreData !== null,
);

/**
 * `POST devices/history/actions/list`: an array around one object, `[{provisioningHistory: [{occurredAt, status, eventBy,
 * eventType, servicePlan, mdn, msisdn, extendedAttributes}], hasMoreData}]` (the SDK's type and its sample). The object alone is
 * accepted as well. At most 500 events, the oldest first.
 *
 * `hasMoreData` is null when the answer does not say. Then its HTTP status does (202 = more).
 */
export const deviceHistoryAnswer = z
  .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(part))
  .transform((parts) => {
    const said = parts.map(({ hasMoreData }) => hasMoreData).filter((more) => more !== null);
    return {
      hasMoreData: said.length === 0 ? null : said.includes(true),
      events: parts
        .flatMap(({ provisioningHistory }) => lenientObjects.parse(provisioningHistory ?? []))
        .map((json): HistoryEvent => ({ ...event.parse(json), json })),
    };
  });
