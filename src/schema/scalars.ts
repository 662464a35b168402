import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';

builder.scalarType('DateTime', {
  description:
    'A moment in ISO 8601 with milliseconds, in UTC: `2026-11-22T09:30:00.000Z`. As input it may have any offset, for example `2026-11-22T04:30:00-05:00`.',
  serialize: (ms) => new Date(ms).toISOString(),
  parseValue: (value) => {
    const ms = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : NaN;
    if (Number.isNaN(ms)) throw new GraphQLError('A DateTime must be in ISO 8601, for example "2026-11-22T09:30:00Z".');
    return ms;
  },
});

builder.scalarType('Cursor', {
  description:
    'A position in the log of one request. It is opaque, at most 200 characters. Keep the `cursor` of the last event that you have handled, and pass it unchanged as `after`. The word `LATEST` means the end of the log.',
  serialize: (cursor) => cursor,
  parseValue: (value) => {
    if (typeof value !== 'string' || value.length === 0 || value.length > 200)
      throw new GraphQLError('A Cursor is a short text: the `cursor` of an event, or "LATEST".');
    return value;
  },
});
