/** `2026-11-22T09:30:00.000-05:00`, each part apart. RFC 3339 §5.6 allows `t` and `z`. */
const FORM = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/i;

/** A date and a time in any other form: without an offset, without seconds, with a space, a comma, a short offset … */
const WITHOUT_OFFSET = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d*)?)?$/i;

const MINUTE_MS = 60_000;

/**
 * Reads a moment, in milliseconds since 1970. It never depends on the time zone of the process.
 *
 * @returns a sentence that says what is wrong with the text when it names no moment. It does not repeat the text.
 */
export function parseMoment(text: string): number | string {
  const match = FORM.exec(text);
  if (!match) {
    if (WITHOUT_OFFSET.test(text))
      return 'It has no offset, so it may mean many moments: end it with `Z` (UTC) or an offset such as `-05:00`.';
    return 'It must be a date, `T`, a time with seconds, and `Z` or an offset, as in RFC 3339.';
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [fraction = '', offset = ''] = match.slice(7);
  if (year === 0) return 'There is no year 0.';
  if (month < 1 || month > 12) return 'There is no such month: months are 01 to 12.';
  if (day < 1 || day > daysIn(year, month)) return 'The month has no such day.';
  if (hour > 23) return 'There is no such hour: hours are 00 to 23, and a day begins with 00:00.';
  if (minute > 59) return 'There is no such minute: minutes are 00 to 59.';
  if (second > 59) return 'There is no such second: seconds are 00 to 59. A leap second has no moment here.';
  const shiftMs = offsetMs(offset);
  if (shiftMs === null)
    return 'There is no such offset: it is `Z`, or hours from -23:59 to +23:59. `-00:00` says that the offset is not known.';
  // `Date.UTC` takes the years 0 to 99 for 1900 to 1999.
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  moment.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3).padEnd(3, '0')));
  return moment.getTime() - shiftMs;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Null for an offset that no place can have. */
function offsetMs(offset: string): number | null {
  if (offset.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(4))];
  if (hours > 23 || minutes > 59 || offset === '-00:00') return null;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}
