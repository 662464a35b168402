import { OUTCOME_STATUSES, type Progress as Counts } from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';
import { OWNED } from './rules.ts';

export const Progress = builder.objectRef<Counts>('Progress').implement({
  extensions: OWNED,
  description: 'How many devices of a request have each status. The eight counts sum to `total`.',
  fields: (t) => ({
    total: t.int({
      description: 'All known devices: those of the mutation, and those that the carrier reported although the mutation did not name them.',
      resolve: (counts) => OUTCOME_STATUSES.reduce((sum, status) => sum + counts[status], 0),
    }),
    settled: t.int({
      description: 'Devices that are not open any more: all but PENDING, OVERDUE and UNKNOWN.',
      resolve: ({ SUCCEEDED, FAILED, EXPIRED, CANCELLED, REJECTED }) => SUCCEEDED + FAILED + EXPIRED + CANCELLED + REJECTED,
    }),
    pending: t.exposeInt('PENDING', { description: 'Devices without a final report yet.' }),
    overdue: t.exposeInt('OVERDUE', { description: 'Devices that have not reported in the usual time.' }),
    succeeded: t.exposeInt('SUCCEEDED', { description: 'Devices that the carrier reported as successful.' }),
    failed: t.exposeInt('FAILED', { description: 'Devices that the carrier reported as failed.' }),
    expired: t.exposeInt('EXPIRED', { description: 'Devices from which no report is expected any more.' }),
    cancelled: t.exposeInt('CANCELLED', { description: 'Devices that were cancelled before they were sent.' }),
    rejected: t.exposeInt('REJECTED', { description: 'Devices of a carrier request that the carrier refused.' }),
    unknown: t.exposeInt('UNKNOWN', { description: 'Devices of a carrier request that was sent and never answered.' }),
    unmatchedCallbacks: t.exposeInt('unmatched', {
      description:
        'Stored callbacks that could not be matched to one device yet, because they name no device of the request or more than one. They are not part of `total`.',
    }),
  }),
});
