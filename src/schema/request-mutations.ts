import type { StoredRequest } from '../datasources/request-log/stored-request.ts';
import { REQUEST_OPTIONS } from '../operations/fields.ts';
import type { ManageResult } from '../resolvers/requests/manage-request.ts';
import { builder } from './builder.ts';
import { inputFieldsOf } from './input-types.ts';
import { Request } from './request.ts';
import { InvalidInput, resultOf } from './results.ts';
import { OWNED, WRITE } from './rules.ts';

/** The result union of a mutation that changes a request at once: its success or what is wrong with the input. */
function managedResult(name: string, success: string, what: string) {
  const Success = builder.objectRef<Extract<ManageResult, { type: 'DONE' }>>(success).implement({
    extensions: OWNED,
    description: what,
    fields: (t) => ({
      request: t.field({ type: Request, description: 'The request as it stands now.', resolve: ({ request }): StoredRequest => request }),
    }),
  });
  return builder.unionType(`${name}Result`, {
    description: `What became of \`${name.charAt(0).toLowerCase()}${name.slice(1)}\`.`,
    types: [Success, InvalidInput],
    resolveType: (result) => ((result as ManageResult).type === 'DONE' ? success : InvalidInput.name),
  });
}

const REQUEST_ID = 'The `id` of the request (`req_…`), or one of its carrier requestIds.';

const CancelRequestInput = builder.inputType('CancelRequestInput', {
  description: 'Which request to cancel.',
  fields: (t) => ({ requestId: t.id({ required: true, description: REQUEST_ID }) }),
});

builder.mutationField('cancelRequest', (t) =>
  t.field({
    extensions: WRITE,
    type: managedResult('CancelRequest', 'RequestCancelled', 'What still waited to be sent is cancelled and will not be sent.'),
    description:
      'Cancels what is still QUEUED of a request. What has left for the carrier cannot be called back: a request of several carrier requests goes on with those. Fault `NOTHING_QUEUED` when nothing waits.',
    args: { input: t.arg({ type: CancelRequestInput, required: true, description: 'Which request to cancel.' }) },
    resolve: (_parent, { input }, { manager, caller }) => manager.cancel(caller, input.requestId),
  }),
);

const ResolveUnknownRequestInput = builder.inputType('ResolveUnknownRequestInput', {
  description: 'What became of a carrier request that left and was not answered. Give `carrierRequestId` or `neverArrived`.',
  fields: (t) => ({
    requestId: t.id({ required: true, description: REQUEST_ID }),
    carrierRequestIndex: t.int({
      required: false,
      description: 'Its place in `carrierRequests`, from 0. Needed only where several of the request are UNKNOWN.',
    }),
    carrierRequestId: t.string({
      required: false,
      description: 'It arrived, and this is its requestId at the carrier: 3 to 64 letters, digits and dashes.',
    }),
    neverArrived: t.boolean({
      required: false,
      description: '`true`: it never arrived. Its devices become CANCELLED. Make sure: a new request for them may be a second bill.',
    }),
  }),
});

builder.mutationField('resolveUnknownRequest', (t) =>
  t.field({
    extensions: WRITE,
    type: managedResult(
      'ResolveUnknownRequest',
      'UnknownRequestResolved',
      'The fate is known now; callbacks kept for it have been applied.',
    ),
    description:
      'For an operator: tells the gateway what became of a carrier request of UNKNOWN fate, as the carrier’s portal or support has it. Faults: `NOT_UNKNOWN`, `AMBIGUOUS`, `ID_TAKEN`, `EXACTLY_ONE`.',
    args: { input: t.arg({ type: ResolveUnknownRequestInput, required: true, description: 'What became of it.' }) },
    resolve: (_parent, { input }, { manager, caller }) =>
      manager.resolveUnknown(caller, {
        requestId: input.requestId,
        position: input.carrierRequestIndex ?? null,
        carrierRequestId: input.carrierRequestId ?? null,
        neverArrived: input.neverArrived ?? false,
      }),
  }),
);

const RetryFailedDevicesInput = builder.inputType('RetryFailedDevicesInput', {
  description: 'Whose failed devices to try again.',
  fields: (t) => ({
    requestId: t.id({ required: true, description: REQUEST_ID }),
    ...inputFieldsOf(t, REQUEST_OPTIONS),
  }),
});

builder.mutationField('retryFailedDevices', (t) =>
  t.field({
    extensions: WRITE,
    type: resultOf('RetryFailedDevices', 'The retry'),
    description:
      'Makes a new request, with the same settings, for those devices of a request that are FAILED or REJECTED. Each is retried once: a device that is in a retry already belongs to that one. The two are linked (`retryOf`, `retries`). Without `clientReference` the retry has that of the first. Faults: `NOTHING_FAILED`, `ALREADY_RETRIED`, `NOT_RETRIABLE`.',
    args: { input: t.arg({ type: RetryFailedDevicesInput, required: true, description: 'Whose failed devices to try again.' }) },
    resolve: (_parent, { input }, { manager, caller }) => manager.retryFailed(caller, input.requestId, input),
  }),
);
