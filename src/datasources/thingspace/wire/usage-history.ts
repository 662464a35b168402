import * as z from 'zod';
import {
  fieldsOf,
  lenientBoolean,
  lenientObjects,
  lenientText,
  listOrOne,
  parseCarrierDate,
  readCount,
  readDigits,
} from './carrier-values.ts';

/** What a device used on one day. */
export interface UsageDay {
  /** The beginning of the day, in milliseconds. Null when the date cannot be read. */
  readonly startsAt: number | null;
  /** Digits. They may exceed 2^53. */
  readonly bytesUsed: string | null;
  readonly smsUsed: number | null;
  readonly servicePlan: string | null;
  /** Verbatim: `Raw Usage`. */
  readonly source: string | null;
}

const day = fieldsOf({
  timestamp: z.unknown().optional(),
  bytesUsed: z.unknown().optional(),
  smsUsed: z.unknown().optional(),
  servicePlan: lenientText,
  source: lenientText,
}).transform(({ timestamp, bytesUsed, smsUsed, ...rest }): UsageDay => ({
  ...rest,
  startsAt: parseCarrierDate(timestamp),
  bytesUsed: readDigits(bytesUsed),
  smsUsed: readCount(smsUsed),
}));

/**
 * `POST devices/usage/actions/list`: `{usageHistory: [{timestamp, bytesUsed, smsUsed, source, servicePlan, extendedAttributes}],
 * hasMoreData}` (page "Retrieve Device Usage History"). One entry a day.
 */
export const usageHistoryAnswer = fieldsOf({ usageHistory: listOrOne, hasMoreData: lenientBoolean })
  .refine(({ usageHistory, hasMoreData }) => usageHistory !== null || hasMoreData !== null)
  .transform(({ usageHistory, hasMoreData }) => ({
    hasMoreData,
    events: lenientObjects.parse(usageHistory ?? []).map((each) => day.parse(each)),
  }));
