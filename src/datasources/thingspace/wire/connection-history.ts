import * as z from 'zod';
import { fieldsOf, lenientBoolean, lenientObjects, lenientText, listOrOne, parseCarrierDate, readDigits } from './carrier-values.ts';

/** One start or end of a data session. */
export interface ConnectionEvent {
  /** Milliseconds, by the carrier's clock. Null when the date cannot be read. */
  readonly occurredAt: number | null;
  /** Verbatim: `Start`, `Stop`. */
  readonly event: string | null;
  /** Digits. They may exceed 2^53. */
  readonly bytesUsed: string | null;
}

const attribute = fieldsOf({ key: lenientText, value: z.unknown().optional() });
const entry = fieldsOf({ occurredAt: z.unknown().optional(), connectionEventAttributes: lenientObjects }).transform(
  ({ occurredAt, connectionEventAttributes }): ConnectionEvent => {
    const attributes = new Map(
      connectionEventAttributes.map((each) => {
        const { key, value } = attribute.parse(each);
        return [key?.toLowerCase() ?? '', value] as const;
      }),
    );
    return {
      occurredAt: parseCarrierDate(occurredAt),
      event: lenientText.parse(attributes.get('event')),
      bytesUsed: readDigits(attributes.get('bytesused')),
    };
  },
);

/**
 * `POST devices/connections/actions/listHistory`: `{connectionHistory: [{occurredAt, connectionEventAttributes: [{key, value}],
 * extendedAttributes}], hasMoreData}` (page "Retrieve Device Connection History"). At most 500, the oldest first.
 */
export const connectionHistoryAnswer = fieldsOf({ connectionHistory: listOrOne, hasMoreData: lenientBoolean })
  .refine(({ connectionHistory, hasMoreData }) => connectionHistory !== null || hasMoreData !== null)
  .transform(({ connectionHistory, hasMoreData }) => ({
    hasMoreData,
    events: lenientObjects.parse(connectionHistory ?? []).map((each) => entry.parse(each)),
  }));
