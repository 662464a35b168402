const ISO_WITH_OFFSET = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:(Z)|([+-]\d\d):?(\d\d))$/i;

/**
 * A date of the carrier's in milliseconds: ISO 8601 to the second, with an offset (`2026-03-01T09:30:00-05:00`) or `Z`; the
 * pages' samples have both. Null for anything else. Without an offset nobody knows which hour is meant, and a wrong one could
 * prove what was not done; dates before 1970 are placeholders for "never" (`0001-01-01T00:00:00Z`).
 */
export function parseCarrierDate(value: unknown): number | null {
  const [, dateTime, utc, hours, minutes] = (typeof value === 'string' && ISO_WITH_OFFSET.exec(value.trim())) || [];
  if (dateTime === undefined) return null;
  const ms = Date.parse(`${dateTime}${utc === undefined ? `${hours}:${minutes}` : 'Z'}`);
  return ms > 0 ? ms : null;
}

/** As the history asks for its range: to the second, in UTC. */
export function writeCarrierDate(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
