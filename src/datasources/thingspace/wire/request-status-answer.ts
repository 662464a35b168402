import * as z from 'zod';
import { lenientText } from './carrier-values.ts';

export type CarrierRequestStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED';

/** The SDK's words are `Pending`, `Success` and `Failure`; callbacks of the same requests write `SUCCESS` and `Failed`. */
const WORDS = new Map<string, CarrierRequestStatus>([
  ['pending', 'PENDING'],
  ['success', 'SUCCEEDED'],
  ['succeeded', 'SUCCEEDED'],
  ['successful', 'SUCCEEDED'],
  ['failure', 'FAILED'],
  ['failed', 'FAILED'],
  ['fail', 'FAILED'],
]);

/**
 * `GET accounts/{account}/requests/{id}/status`: `{requestId, status}` (page "Get Request Status"), also inside an array of one.
 * `status` is null for a word that is none of those known: it proves nothing.
 */
export const requestStatusAnswer = z.preprocess(
  (value) => (Array.isArray(value) ? value[0] : value),
  z
    .object({ requestId: lenientText, status: lenientText })
    .transform(({ requestId, status }) => ({ requestId, status: WORDS.get(status?.toLowerCase() ?? '') ?? null })),
);
