import { REQUEST_OPTIONS } from '../operations/fields.ts';
import type { CheckNowResult, ManageResult } from '../resolvers/requests/manage-request.ts';
import { builder } from './builder.ts';
import { inputFieldsOf } from './input-types.ts';
import { Request } from './request.ts';
import { CarrierUnavailable, InvalidInput, RateLimited, resultOf } from './mutation-results.ts';
import { OWNED, WRITE } from './rules.ts';

/** Declares the result union of a mutation that changes a request at once: its success, or the faults of the input. */
function managedResult(name: string, success: string, description: string) {
  const Success = builder.objectRef<Extract<ManageResult, { type: 'DONE' }>>(success).implement({
    extensions: OWNED,
    description,
    fields: (t) => ({ request: t.expose('request', { type: Request, description: 'The request as it is now.' }) }),
  });
  return builder.unionType(`${name}Result`, {
    description: `The result of \`${name.charAt(0).toLowerCase()}${name.slice(1)}\`.`,
    types: [Success, InvalidInput],
    resolveType: (result) => ((result as ManageResult).type === 'DONE' ? success : InvalidInput.name),
  });
}

const REQUEST_ID = 'The `id` of the request (`req_…`), or one of its requestIds at the carrier.';

const CancelRequestInput = builder.inputType('CancelRequestInput', {
  description: 'Which request to cancel.',
  fields: (t) => ({ requestId: t.id({ required: true, description: REQUEST_ID }) }),
});

builder.mutationField('cancelRequest', (t) =>
  t.field({
    extensions: WRITE,
    type: managedResult('CancelRequest', 'RequestCancelled', 'Everything that still waited to be sent is cancelled and will not be sent.'),
    description:
      'Cancels the part of a request that is still QUEUED. The part that was sent to the carrier cannot be called back and goes on. Fault: `NOTHING_QUEUED` when nothing waits.',
    args: { input: t.arg({ type: CancelRequestInput, required: true, description: 'Which request to cancel.' }) },
    resolve: (_parent, { input }, { manager, caller }) => manager.cancel(caller, input.requestId),
  }),
);

const CheckScheduled = builder.objectRef<Extract<CheckNowResult, { type: 'SCHEDULED' }>>('CheckScheduled').implement({
  extensions: OWNED,
  description: 'The carrier is asked now. What it tells comes as changes of the request: follow it with `requestStatus`.',
  fields: (t) => ({
    request: t.expose('request', { type: Request, description: 'The request as it is before the answers.' }),
    deviceCount: t.exposeInt('devices', { description: 'How many devices the carrier is asked about.' }),
  }),
});

const CHECK_RESULTS: Readonly<Record<CheckNowResult['type'], { readonly name: string }>> = {
  SCHEDULED: CheckScheduled,
  INVALID: InvalidInput,
  LIMITED: RateLimited,
  UNAVAILABLE: CarrierUnavailable,
};

const CheckNowResultUnion = builder.unionType('CheckNowResult', {
  description: 'The result of `checkNow`.',
  types: [CheckScheduled, InvalidInput, RateLimited, CarrierUnavailable],
  resolveType: (result) => CHECK_RESULTS[(result as CheckNowResult).type].name,
});

const CheckNowInput = builder.inputType('CheckNowInput', {
  description: 'Which request the carrier is asked about.',
  fields: (t) => ({ requestId: t.id({ required: true, description: REQUEST_ID }) }),
});

builder.mutationField('checkNow', (t) =>
  t.field({
    extensions: WRITE,
    type: CheckNowResultUnion,
    description:
      'Asks the carrier now what became of the open devices of a request, before they are OVERDUE, and whose its unmatched callbacks are. It changes nothing at the carrier. The mutation returns at once: what the carrier tells comes as changes of the request, with `source: RECONCILED`. A device about which the carrier knows nothing yet stays as it is. Once a minute for each request. Fault: `NOTHING_TO_ASK`.',
    args: { input: t.arg({ type: CheckNowInput, required: true, description: 'Which request the carrier is asked about.' }) },
    resolve: (_parent, { input }, { manager, caller }) => manager.checkNow(caller, input.requestId),
  }),
);

const CarrierRequestFateInput = builder.inputType('CarrierRequestFateInput', {
  isOneOf: true,
  description: 'What happened to a carrier request: it arrived, or it never did.',
  fields: (t) => ({
    carrierRequestId: t.string({
      required: false,
      description: 'The carrier request arrived, and this is its requestId at the carrier: 3 to 64 letters, digits and dashes.',
    }),
    neverArrived: t.boolean({
      required: false,
      description:
        '`true`: the carrier request never arrived. Its devices become CANCELLED. Be sure: a new request for them may be billed a second time.',
    }),
  }),
});

const ResolveUnknownRequestInput = builder.inputType('ResolveUnknownRequestInput', {
  description: 'What happened to a carrier request that was sent and not answered.',
  fields: (t) => ({
    requestId: t.id({ required: true, description: REQUEST_ID }),
    carrierRequestIndex: t.int({
      required: false,
      description: 'The position of the carrier request in `carrierRequests`, from 0. Needed only when several of the request are UNKNOWN.',
    }),
    fate: t.field({ type: CarrierRequestFateInput, required: true, description: 'What happened to it.' }),
  }),
});

builder.mutationField('resolveUnknownRequest', (t) =>
  t.field({
    extensions: WRITE,
    type: managedResult(
      'ResolveUnknownRequest',
      'UnknownRequestResolved',
      'The gateway knows now what happened to the carrier request. Callbacks that were kept for it have been applied.',
    ),
    description:
      'For an operator: tells the gateway what happened to an UNKNOWN carrier request, as the carrier’s portal or support shows it. Faults: `NOT_UNKNOWN`, `AMBIGUOUS`, `ID_TAKEN`, `EXACTLY_ONE`.',
    args: { input: t.arg({ type: ResolveUnknownRequestInput, required: true, description: 'What happened to it.' }) },
    resolve: (_parent, { input }, { manager, caller }) =>
      manager.resolveUnknown(caller, {
        requestId: input.requestId,
        position: input.carrierRequestIndex ?? null,
        carrierRequestId: input.fate.carrierRequestId ?? null,
        neverArrived: input.fate.neverArrived ?? false,
      }),
  }),
);

const RetryFailedDevicesInput = builder.inputType('RetryFailedDevicesInput', {
  description: 'The request whose failed devices are tried again.',
  fields: (t) => ({
    requestId: t.id({ required: true, description: REQUEST_ID }),
    outcomeIds: t.idList({
      required: false,
      description:
        'Only these devices, by their `id` (`out_…`): 1 to 10,000. Each must be a failed device of the request that may be retried. Default: all of these.',
    }),
    faultCodes: t.stringList({
      required: false,
      description:
        'Only devices that failed with one of these codes, exactly as in `faultCounts`: 1 to 100. Give either this or `outcomeIds`.',
    }),
    ...inputFieldsOf(t, REQUEST_OPTIONS),
  }),
});

builder.mutationField('retryFailedDevices', (t) =>
  t.field({
    extensions: WRITE,
    type: resultOf('RetryFailedDevices', 'The retry'),
    description:
      'Creates a new request, with the same settings, for the devices of a request that are FAILED or REJECTED. Each device is retried once: a device that is in a retry already belongs to that retry. A device whose fault is not `retriable` is left out, and a device that is still open is never retried. The two requests are linked (`retryOf`, `retries`). Without `clientReference` the retry has that of the first request. A retry of what needs the scope `terminate` needs it, too. Faults: `NOTHING_FAILED`, `ALREADY_RETRIED`, `NOT_RETRIABLE`, for a named device also `NOT_OF_REQUEST` and `NOT_FAILED`.',
    args: {
      input: t.arg({ type: RetryFailedDevicesInput, required: true, description: 'The request whose failed devices are tried again.' }),
    },
    resolve: (_parent, { input }, { manager, caller }) => manager.retryFailed(caller, input.requestId, input),
  }),
);
