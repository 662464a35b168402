import type { Answer } from '../../lib/http-exchange.ts';
import { hasCode, type CarrierError } from './wire/answers.ts';

/**
 * How long the carrier asks to wait, in milliseconds; null when this answer does not limit us. It does so with 429, or with
 * code 900800 of the gateway before its API.
 *
 * `Retry-After` is read in seconds or as a date and kept between 1 second and 5 minutes; 15 seconds when there is none to be read.
 */
export function throttledFor(answer: Answer, error: CarrierError | null, now: number): number | null {
  if (answer.status !== 429 && !hasCode(error, '900800')) return null;
  const seconds = Number(answer.retryAfter);
  const given =
    answer.retryAfter === null || answer.retryAfter.trim() === ''
      ? NaN
      : Number.isFinite(seconds)
        ? seconds * 1000
        : Date.parse(answer.retryAfter) - now;
  return Number.isNaN(given) ? 15_000 : Math.min(Math.max(given, 1_000), 300_000);
}
