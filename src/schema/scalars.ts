import { GraphQLError } from 'graphql';
import { parseMoment } from '../lib/parse-moment.ts';
import { builder } from './builder.ts';

builder.scalarType('DateTime', {
  description:
    'A moment as in RFC 3339, in UTC and with milliseconds: `2026-11-22T09:30:00.000Z`. As input it needs `Z` or an offset (`2026-11-22T04:30:00-05:00`) and must exist in the calendar. Fractions of a second may have 0 to 9 digits; what is shorter than a millisecond is cut off. `-00:00`, `24:00` and leap seconds are refused.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: (ms) => new Date(ms).toISOString(),
  parseValue: (value) => {
    const moment = typeof value === 'string' ? parseMoment(value) : 'It must be a text.';
    if (typeof moment === 'number') return moment;
    throw new GraphQLError(`A DateTime names a moment, for example "2026-11-22T09:30:00Z". ${moment}`);
  },
});

builder.scalarType('Cursor', {
  description:
    'A position in the log of one request, or in one list. It is opaque, at most 200 characters. Pass it unchanged as `after` where it came from: the `cursor` of the last event that you have handled goes on with the subscription, an `endCursor` with the next page. For `requestStatus` the word `LATEST` means the end of the log. CURSOR_INVALID: it is no cursor, or one of something else. CURSOR_EXPIRED: the gateway’s store was restored since; read from the beginning.',
  serialize: (cursor) => cursor,
  parseValue: (value) => {
    if (typeof value !== 'string' || value.length > 200)
      throw new GraphQLError('A Cursor is a short text that the gateway gave you: a `cursor` or an `endCursor`.');
    return value;
  },
});
