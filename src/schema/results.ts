import type { StoredRequest } from '../datasources/request-log/stored-request.ts';
import type { InputFault as Fault } from '../operations/input-fault.ts';
import type { SubmitResult } from '../resolvers/requests/submit-request.ts';
import { builder } from './builder.ts';
import { Request } from './request.ts';
import { OPEN, OWNED } from './rules.ts';

type Result<Type extends SubmitResult['type']> = Extract<SubmitResult, { type: Type }>;

const MutationError = builder.interfaceRef<SubmitResult>('MutationError').implement({
  extensions: OPEN,
  description: 'Why a mutation did nothing, or was refused. Every error of a mutation’s result has these two fields.',
  fields: (t) => ({
    message: t.string({ extensions: OPEN, description: 'What happened and what to do, in words.', resolve: messageOf }),
    code: t.string({
      extensions: OPEN,
      description:
        'The same for machines: `INVALID_INPUT`, `CARRIER_REFUSED`, `CARRIER_UNAVAILABLE`, `RATE_LIMITED`, `IDEMPOTENCY_KEY_REUSED`.',
      resolve: ({ type }) => CODES[type],
    }),
  }),
});

const CODES: Readonly<Record<SubmitResult['type'], string>> = {
  ACCEPTED: 'OK',
  VALIDATED: 'OK',
  INVALID: 'INVALID_INPUT',
  REFUSED: 'CARRIER_REFUSED',
  UNAVAILABLE: 'CARRIER_UNAVAILABLE',
  LIMITED: 'RATE_LIMITED',
  KEY_REUSED: 'IDEMPOTENCY_KEY_REUSED',
};

function messageOf(result: SubmitResult): string {
  switch (result.type) {
    case 'INVALID':
      return `The input has ${result.total === 1 ? 'a fault' : `${result.total} faults`}; nothing was sent. ${result.faults[0]?.message ?? ''}`.trim();
    case 'REFUSED':
      return `The carrier refused the request: ${(result.request.error?.message || result.request.error?.code || 'it gave no reason').replace(/\.$/, '')}.`;
    case 'UNAVAILABLE':
      return `Nothing was sent and nothing will be. ${result.message}`;
    case 'LIMITED':
      return 'Too many requests are waiting to be sent. Nothing was taken on: try again after `retryAfterMs`.';
    case 'KEY_REUSED':
      return 'This idempotencyKey was used with another input. Use a new key for a new request; nothing was sent.';
    case 'ACCEPTED':
    case 'VALIDATED':
      return 'OK';
  }
}

const InputFault = builder.objectRef<Fault>('InputFault').implement({
  extensions: OPEN,
  description: 'One thing wrong with an input.',
  fields: (t) => ({
    path: t.stringList({
      description:
        'Where, from `input` down, list positions as numbers: `["devices", "3", "deviceIds", "0", "id"]`. Empty for the input as a whole.',
      resolve: ({ path }) => path.map(String),
    }),
    code: t.exposeString('code', { description: 'Which rule it breaks, for machines.' }),
    message: t.exposeString('message', { description: 'What is wrong and what would be right. Never the value itself.' }),
  }),
});

export const InvalidInput = builder.objectRef<Result<'INVALID'>>('InvalidInput').implement({
  extensions: OPEN,
  description: 'The input breaks rules; nothing was sent. All its faults come together.',
  interfaces: [MutationError],
  fields: (t) => ({
    faults: t.field({ type: [InputFault], description: 'The first 100 faults.', resolve: ({ faults }) => [...faults] }),
    totalFaults: t.exposeInt('total', { description: 'How many there are.' }),
  }),
});

const CarrierRefused = builder.objectRef<Result<'REFUSED'>>('CarrierRefused').implement({
  extensions: OWNED,
  description: 'The carrier refused the request as a whole; no device was touched.',
  interfaces: [MutationError],
  fields: (t) => ({
    carrierErrorCode: t.string({
      nullable: true,
      description: 'The carrier’s errorCode; for profile operations a 3-digit number.',
      resolve: ({ request }) => request.error?.code ?? null,
    }),
    httpStatus: t.int({
      nullable: true,
      description: 'The HTTP status of its answer.',
      resolve: ({ request }) => request.error?.httpStatus ?? null,
    }),
    request: t.field({ type: Request, description: 'The request, now REJECTED.', resolve: ({ request }) => request }),
  }),
});

const CarrierUnavailable = builder.objectRef<Result<'UNAVAILABLE'>>('CarrierUnavailable').implement({
  extensions: OPEN,
  description:
    'The gateway cannot work with the carrier at present (for example its login was refused). Nothing was taken on, and the idempotency key is free.',
  interfaces: [MutationError],
});

const RateLimited = builder.objectRef<Result<'LIMITED'>>('RateLimited').implement({
  extensions: OPEN,
  description: 'Too much is waiting already. Nothing was taken on, and the idempotency key is free.',
  interfaces: [MutationError],
  fields: (t) => ({ retryAfterMs: t.exposeInt('retryAfterMs', { description: 'When to try again, in milliseconds from now.' }) }),
});

const IdempotencyKeyReused = builder.objectRef<Result<'KEY_REUSED'>>('IdempotencyKeyReused').implement({
  extensions: OWNED,
  description: 'The idempotencyKey stands for another input already. Nothing was sent.',
  interfaces: [MutationError],
  fields: (t) => ({ requestId: t.exposeID('requestId', { description: 'The `id` of the request the key stands for.' }) }),
});

const InputAccepted = builder.objectRef<Result<'VALIDATED'>>('InputAccepted').implement({
  extensions: OPEN,
  description: 'The answer to `validateOnly: true` when the input breaks no rule. Nothing was sent or stored.',
  fields: (t) => ({
    deviceCount: t.exposeInt('deviceCount', { nullable: true, description: 'Devices named; null where only the carrier knows.' }),
    carrierRequestCount: t.exposeInt('carrierRequestCount', { description: 'POSTs to the carrier that it would take.' }),
  }),
});

/** The result union of one mutation: its success, the answer to `validateOnly`, and the errors. */
export function resultOf(name: string, what: string) {
  const Success = builder.objectRef<Result<'ACCEPTED'>>(`${name}Accepted`).implement({
    extensions: OWNED,
    description: `${what} was taken on. The request may still be QUEUED, or its fate UNKNOWN: follow it with \`requestStatus\`.`,
    fields: (t) => ({
      request: t.field({ type: Request, description: 'The request to follow.', resolve: ({ request }): StoredRequest => request }),
    }),
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
    description: `What became of ${what.toLowerCase()}.`,
    types: [Success, InputAccepted, InvalidInput, CarrierRefused, CarrierUnavailable, RateLimited, IdempotencyKeyReused],
    resolveType: (result) => members[(result as SubmitResult).type].name,
  });
}
