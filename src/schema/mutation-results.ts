import { INPUT_FAULT_CODES, type InputFault as Fault, type InputFaultCode } from '../operations/input-fault.ts';
import { MAX_FAULTS, type SubmitResult } from '../resolvers/requests/submit-request.ts';
import { findLineWarnings } from '../resolvers/requests/line-warnings.ts';
import { builder } from './builder.ts';
import { enumOf } from './enums.ts';
import { LineWarningType, MAX_WARNINGS } from './line-warning.ts';
import { atMost } from './list-sizes.ts';
import { Request } from './request.ts';
import { OPEN, OWNED } from './rules.ts';

type Result<Type extends SubmitResult['type']> = Extract<SubmitResult, { type: Type }>;
type Failure = Exclude<SubmitResult, Result<'ACCEPTED' | 'VALIDATED'>>;

const CODES = {
  INVALID: 'INVALID_INPUT',
  REFUSED: 'CARRIER_REFUSED',
  UNAVAILABLE: 'CARRIER_UNAVAILABLE',
  LIMITED: 'RATE_LIMITED',
  KEY_REUSED: 'IDEMPOTENCY_KEY_REUSED',
} as const satisfies Readonly<Record<Failure['type'], string>>;

const MutationErrorCode = enumOf<(typeof CODES)[Failure['type']]>(
  'MutationErrorCode',
  'The errors of mutations. Each has a type of its own.',
  {
    INVALID_INPUT: 'InvalidInput: the input breaks rules.',
    CARRIER_REFUSED: 'CarrierRefused: the carrier refused the request as a whole.',
    CARRIER_UNAVAILABLE: 'CarrierUnavailable: the gateway cannot work with the carrier now.',
    RATE_LIMITED: 'RateLimited: too many requests wait to be sent.',
    IDEMPOTENCY_KEY_REUSED: 'IdempotencyKeyReused: the key was used with another input.',
  },
);

const InputFaultCodeEnum = enumOf<InputFaultCode>('InputFaultCode', 'The rules of inputs.', INPUT_FAULT_CODES);

const MutationError = builder.interfaceRef<Failure>('MutationError').implement({
  extensions: OPEN,
  description: 'Why a mutation was refused or did nothing. Every error of a mutation has these two fields.',
  fields: (t) => ({
    message: t.string({ extensions: OPEN, description: 'What happened and what to do, in words for people.', resolve: writeMessage }),
    code: t.field({
      extensions: OPEN,
      type: MutationErrorCode,
      description: 'The error for programs.',
      resolve: ({ type }) => CODES[type],
    }),
  }),
});

function writeMessage(failure: Failure): string {
  switch (failure.type) {
    case 'INVALID':
      return `The input has ${failure.total === 1 ? 'a fault' : `${failure.total} faults`}, and nothing was sent. ${failure.faults[0]?.message ?? ''}`.trim();
    case 'REFUSED':
      return `The carrier refused the request: ${(failure.request.error?.message || failure.request.error?.code || 'it gave no reason').replace(/\.$/, '')}.`;
    case 'UNAVAILABLE':
      return `Nothing was sent, and nothing will be. ${failure.message}`;
    case 'LIMITED':
      return failure.message ?? 'Too many requests are waiting to be sent. Nothing was accepted: try again after `retryAfterMs`.';
    case 'KEY_REUSED':
      return 'This idempotencyKey was used with another input, and nothing was sent. Use a new key for a new request.';
  }
}

const InputFault = builder.objectRef<Fault>('InputFault').implement({
  extensions: OPEN,
  description: 'One fault of an input.',
  fields: (t) => ({
    path: t.stringList({
      extensions: atMost(20),
      description:
        'The faulty field, as a path below `input`. Positions in lists are numbers from 0: `["target", "devices", "3", "deviceIds", "0", "value"]`. Empty when the fault is in the input as a whole.',
      resolve: ({ path }) => path.map(String),
    }),
    code: t.expose('code', { type: InputFaultCodeEnum, description: 'The broken rule, for programs.' }),
    message: t.exposeString('message', { description: 'What is wrong and what would be right. It never repeats the value.' }),
  }),
});

export const InvalidInput = builder.objectRef<Result<'INVALID'>>('InvalidInput').implement({
  extensions: OPEN,
  description: 'The input breaks rules, and nothing was sent. All faults are reported together.',
  interfaces: [MutationError],
  fields: (t) => ({
    faults: t.field({
      extensions: atMost(MAX_FAULTS),
      type: [InputFault],
      description: 'The first 100 faults.',
      resolve: ({ faults }) => [...faults],
    }),
    totalFaults: t.exposeInt('total', { description: 'The number of all faults.' }),
  }),
});

const CarrierRefused = builder.objectRef<Result<'REFUSED'>>('CarrierRefused').implement({
  extensions: OWNED,
  description: 'The carrier refused the request as a whole. It changed no device.',
  interfaces: [MutationError],
  fields: (t) => ({
    carrierErrorCode: t.string({
      nullable: true,
      description: 'The carrier’s errorCode; for profile operations a 3-digit number. When the carrier gave none, the HTTP status.',
      resolve: ({ request }) => request.error?.code ?? null,
    }),
    httpStatus: t.int({
      nullable: true,
      description: 'The HTTP status of the carrier’s answer. Null when it is not known.',
      resolve: ({ request }) => request.error?.httpStatus ?? null,
    }),
    request: t.field({ type: Request, description: 'The request, which is now REJECTED.', resolve: ({ request }) => request }),
  }),
});

export const CarrierUnavailable = builder.objectRef<Result<'UNAVAILABLE'>>('CarrierUnavailable').implement({
  extensions: OPEN,
  description:
    'The gateway cannot work with the carrier at present, for example because the carrier refused its login. No request was created, and the idempotency key is free.',
  interfaces: [MutationError],
});

export const RateLimited = builder.objectRef<Result<'LIMITED'>>('RateLimited').implement({
  extensions: OPEN,
  description:
    'Too much at once: too many requests are waiting to be sent, or the carrier was asked about the request a moment ago. Nothing was done, and an idempotency key is free.',
  interfaces: [MutationError],
  fields: (t) => ({ retryAfterMs: t.exposeInt('retryAfterMs', { description: 'When to try again, in milliseconds from now.' }) }),
});

const IdempotencyKeyReused = builder.objectRef<Result<'KEY_REUSED'>>('IdempotencyKeyReused').implement({
  extensions: OWNED,
  description: 'The idempotencyKey was used before with another input. Nothing was sent.',
  interfaces: [MutationError],
  fields: (t) => ({ requestId: t.exposeID('requestId', { description: 'The `id` of the request that was created with the key.' }) }),
});

const InputAccepted = builder.objectRef<Result<'VALIDATED'>>('InputAccepted').implement({
  extensions: OPEN,
  description: 'The answer to `validateOnly: true` when the input breaks no rule. Nothing was sent or stored.',
  fields: (t) => ({
    deviceCount: t.int({
      nullable: true,
      resolve: ({ command }) => command.devices?.length ?? null,
      description: 'How many devices the input names. Null when the carrier chooses the devices (a group, the whole account).',
    }),
    warnings: t.field({
      extensions: atMost(MAX_WARNINGS),
      type: [LineWarningType],
      description:
        'Lines that have another request under way, or that were changed as often as the carrier allows: the mutation would be accepted, and the carrier may refuse them. Empty when the carrier chooses the devices.',
      resolve: async ({ command: { operation, accountName, devices }, at }, _args, { store, nextTurn }) => [
        ...(await findLineWarnings(store, { operation, account: accountName, devices, at }, nextTurn)),
      ],
    }),
    carrierRequestCount: t.exposeInt('carrierRequestCount', { description: 'How many POSTs to the carrier the request would take.' }),
  }),
});

export const RequestAccepted = builder.interfaceRef<Result<'ACCEPTED'>>('RequestAccepted').implement({
  extensions: OWNED,
  description:
    'The gateway took a mutation on: there is a request to follow, new or (with an idempotency key) from before. Every success of a mutation that creates a request has this field, so one fragment reads all of them. Not so the results about a request that was there already (RequestCancelled, UnknownRequestResolved), and not CarrierRefused, whose request is over.',
  fields: (t) => ({ request: t.expose('request', { type: Request, description: 'The request to follow.' }) }),
});

/** Declares the result union of one mutation: its success, the answer to `validateOnly`, and the errors. */
export function resultOf(name: string, what: string) {
  const Success = builder.objectRef<Result<'ACCEPTED'>>(`${name}Accepted`).implement({
    extensions: OWNED,
    description: `${what} was accepted by the gateway. Its request may still be QUEUED, or UNKNOWN: follow it with \`requestStatus\`.`,
    interfaces: [RequestAccepted],
  });
  const members: Readonly<Record<SubmitResult['type'], { readonly name: string }>> = {
    ACCEPTED: Success,
    VALIDATED: InputAccepted,
    INVALID: InvalidInput,
    REFUSED: CarrierRefused,
    UNAVAILABLE: CarrierUnavailable,
    LIMITED: RateLimited,
    KEY_REUSED: IdempotencyKeyReused,
  };
  return builder.unionType(`${name}Result`, {
    description: `The result of ${what.toLowerCase()}.`,
    types: [Success, InputAccepted, InvalidInput, CarrierRefused, CarrierUnavailable, RateLimited, IdempotencyKeyReused],
    resolveType: (result) => members[(result as SubmitResult).type].name,
  });
}
