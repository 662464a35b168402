import type { ActionRefusalCode, Forbidden, RequestAction as Decided, RequestActionName } from '../resolvers/requests/request-actions.ts';
import { builder } from './builder.ts';
import { enumOf } from './enums.ts';
import { OWNED } from './rules.ts';

const RequestActionNameEnum = enumOf<RequestActionName>('RequestActionName', 'What a person can do with a request.', {
  CANCEL: 'Cancel what still waits to be sent (`cancelRequest`).',
  RETRY_FAILED: 'Try failed devices again, in a new request (`retryFailedDevices`).',
  RESOLVE_UNKNOWN: 'Tell what happened to a carrier request that was not answered (`resolveUnknownRequest`).',
  CHECK_NOW: 'Ask the carrier about the open devices now (`checkNow`).',
});

const RequestActionReasonEnum = enumOf<ActionRefusalCode | Forbidden['code']>('RequestActionReason', 'Why an action is not allowed now.', {
  FORBIDDEN: 'The caller does not have the scope `write` for the account, or not `terminate` for a retry that needs it.',
  NOTHING_QUEUED: 'No part of the request waits to be sent.',
  NOT_UNKNOWN: 'No carrier request of it is UNKNOWN.',
  NOTHING_TO_ASK: 'No device is open and was sent, or nothing at the carrier shows the result of the operation.',
  NOTHING_FAILED: 'No device has failed.',
  ALREADY_RETRIED: 'Every failed device is in a retry already.',
  NOT_RETRIABLE: 'Another tool made the request, or no failed device may succeed in a retry.',
});

export const RequestAction = builder.objectRef<Decided>('RequestAction').implement({
  extensions: OWNED,
  description: 'Whether one action on a request is allowed now, for this caller.',
  fields: (t) => ({
    action: t.expose('action', { type: RequestActionNameEnum, description: 'The action.' }),
    allowed: t.boolean({
      description: 'True when its mutation would be accepted now. Something may happen in between, so the mutation decides again.',
      resolve: ({ refusal }) => refusal === null,
    }),
    reason: t.field({
      type: RequestActionReasonEnum,
      nullable: true,
      description: 'Why it is not allowed, for programs. Null when it is allowed.',
      resolve: ({ refusal }) => refusal?.code ?? null,
    }),
    message: t.string({
      nullable: true,
      description: 'The same for people. Null when it is allowed.',
      resolve: ({ refusal }) => refusal?.message ?? null,
    }),
  }),
});
