import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';

builder.scalarType('DateTime', {
  description: 'A moment in ISO 8601 with milliseconds, in UTC: `2026-11-22T09:30:00.000Z`. As input any offset is taken.',
  serialize: (date) => date.toISOString(),
  parseValue: (value) => {
    const date = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) ? new Date(value) : null;
    if (!date || Number.isNaN(date.getTime()))
      throw new GraphQLError('A DateTime must be in ISO 8601, for example "2026-11-22T09:30:00Z".');
    return date;
  },
});

builder.scalarType('Cursor', {
  description:
    'A place in one request’s log. Opaque: keep the `cursor` of the last event you have handled and pass it back as `after`, unchanged. The word `LATEST` stands for the end of the log.',
  serialize: (cursor) => cursor,
  parseValue: (value) => {
    if (typeof value !== 'string' || value.length === 0 || value.length > 200)
      throw new GraphQLError('A Cursor is a short text: the `cursor` of an event, or "LATEST".');
    return value;
  },
});
