import type { LineWarning } from '../resolvers/requests/line-warnings.ts';
import { builder } from './builder.ts';
import { enumOf } from './enums.ts';
import { atMost } from './list-sizes.ts';
import { OWNED } from './rules.ts';

/** Indexes that one warning lists. */
const MAX_INDEXES = 100;
/** One of each code. */
export const MAX_WARNINGS = 3;

const LineWarningCode = enumOf<LineWarning['code']>('LineWarningCode', 'What a warning about lines is about.', {
  UNDER_WAY:
    'Another request for the line is not complete. The carrier refuses every change of a line while one is pending. Only `validateOnly` tells it; `Device.pending` shows the requests.',
  LINE_CHANGES: 'The line has been activated, suspended, restored and deactivated 5 times in the last 24 hours by this gateway.',
  PLAN_CHANGES: 'The service plan of the line has been changed 4 times in the last 30 days by this gateway.',
});

export const LineWarningType = builder.objectRef<LineWarning>('LineWarning').implement({
  extensions: OWNED,
  description:
    'Lines that the carrier may refuse, as far as the log of this gateway tells. A warning stops nothing: what others did with a line is not known here, and another account may have another limit.',
  fields: (t) => ({
    code: t.expose('code', { type: LineWarningCode, description: 'The reason for programs.' }),
    message: t.exposeString('message', { description: 'The reason in words for people.' }),
    count: t.int({ description: 'How many lines it is about.', resolve: ({ indexes }) => indexes.length }),
    indexes: t.intList({
      extensions: atMost(MAX_INDEXES),
      description: `The places of these lines in the list of the mutation, as in \`DeviceOutcome.index\`: the first ${MAX_INDEXES}.`,
      resolve: ({ indexes }) => indexes.slice(0, MAX_INDEXES),
    }),
  }),
});
