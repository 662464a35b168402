import { OUTCOME_STATUSES, type OutcomeStatus, type Progress as Counts } from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';
import { OWNED } from './rules.ts';

const MEANINGS: Readonly<Record<OutcomeStatus, string>> = {
  PENDING: 'Devices of which nothing final has been reported yet.',
  OVERDUE: 'Devices that have not reported in the usual time.',
  SUCCEEDED: 'Devices the carrier reported as successful.',
  FAILED: 'Devices the carrier reported as failed.',
  EXPIRED: 'Devices of which nothing more is expected.',
  CANCELLED: 'Devices cancelled before they were sent.',
  REJECTED: 'Devices of a carrier request that was refused.',
  UNKNOWN: 'Devices of a carrier request that left and was not answered.',
};

export const Progress = builder.objectRef<Counts>('Progress').implement({
  extensions: OWNED,
  description: 'How many devices of a request stand at each status. The eight counts sum to `total`.',
  fields: (t) => ({
    total: t.int({
      description: 'Devices known: those asked for, and those the carrier reported though nobody had named them.',
      resolve: (counts) => OUTCOME_STATUSES.reduce((sum, status) => sum + counts[status], 0),
    }),
    settled: t.int({
      description: 'Devices that are no longer open: neither PENDING, OVERDUE nor UNKNOWN.',
      resolve: ({ SUCCEEDED, FAILED, EXPIRED, CANCELLED, REJECTED }) => SUCCEEDED + FAILED + EXPIRED + CANCELLED + REJECTED,
    }),
    pending: t.int({ description: MEANINGS.PENDING, resolve: (counts) => counts.PENDING }),
    overdue: t.int({ description: MEANINGS.OVERDUE, resolve: (counts) => counts.OVERDUE }),
    succeeded: t.int({ description: MEANINGS.SUCCEEDED, resolve: (counts) => counts.SUCCEEDED }),
    failed: t.int({ description: MEANINGS.FAILED, resolve: (counts) => counts.FAILED }),
    expired: t.int({ description: MEANINGS.EXPIRED, resolve: (counts) => counts.EXPIRED }),
    cancelled: t.int({ description: MEANINGS.CANCELLED, resolve: (counts) => counts.CANCELLED }),
    rejected: t.int({ description: MEANINGS.REJECTED, resolve: (counts) => counts.REJECTED }),
    unknown: t.int({ description: MEANINGS.UNKNOWN, resolve: (counts) => counts.UNKNOWN }),
    unmatchedCallbacks: t.int({
      description:
        'Callbacks kept that could not be tied to one device yet: they name no device of the request, or more than one. Not part of `total`.',
      resolve: (counts) => counts.unmatched,
    }),
  }),
});
