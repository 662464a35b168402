import type { Grant, Scope } from '../resolvers/access/caller.ts';

/**
 * What a caller must have to select a field.
 *
 * - `OPEN`: it tells nothing of any account.
 * - `OWNED`: it is part of an object whose account was checked on the way to it; asking for the object is asking for it.
 * - `read`, `write`, `admin`: a way in. The caller has the scope with some account; the resolver asks with which.
 * - grants: an operation that selects it without them is refused as a whole, before anything runs.
 */
export type FieldRule = 'OPEN' | 'OWNED' | Scope | readonly Grant[];

const CREDENTIAL: readonly Grant[] = ['deviceCredential'];
const ACTIVATION_CODE: readonly Grant[] = ['activationCode'];
/** A whole message as it came: whatever the carrier had put into it. */
const ANY_SECRET: readonly Grant[] = ['deviceCredential', 'activationCode'];

const page = { edges: 'OWNED', nodes: 'OWNED', pageInfo: 'OPEN' } as const;
const edge = { cursor: 'OWNED', node: 'OWNED' } as const;
const accepted = { request: 'OWNED' } as const;
const failure = { code: 'OPEN', message: 'OPEN' } as const;

/** Every field of the graph, by type. A field that is not here cannot be selected, and a test names it. */
const FIELD_RULES: Readonly<Record<string, Readonly<Record<string, FieldRule>>>> = {
  Query: { request: 'read', requests: 'read', node: 'read', unclaimedCallbacks: 'read', deadLetters: 'admin', auditLog: 'admin' },
  Mutation: {
    activateDevices: 'write',
    renewActivationCode: 'write',
    resumeProfile: 'write',
    cancelRequest: 'write',
    retryFailedDevices: 'write',
    resolveUnknownRequest: 'write',
    redriveDeadLetters: 'admin',
  },
  Subscription: { requestStatus: 'read' },

  Node: { id: 'OWNED' },
  Request: owned(
    'id operation accountName origin status deviceCount deviceCountIsEstimate progress carrierRequests queue retryOf retries error',
    'clientReference createdBy createdAt updatedAt completedAt cursor outcomes',
  ),
  RequestConnection: page,
  RequestEdge: edge,
  RequestOutcomesConnection: page,
  RequestOutcomesEdge: edge,
  RequestStatusEvent: owned('cursor status progress request outcomes'),
  Progress: owned('total settled succeeded failed pending overdue expired cancelled rejected unknown unmatchedCallbacks'),
  QueuePlace: owned('position expectedAt'),
  RequestError: owned('code message httpStatus'),
  CarrierRequest: owned('carrierRequestId state callbackService deviceCount firstIndex attempts sentAt answeredAt error'),
  DeviceOutcome: {
    ...owned(
      'id requestId index requested deviceIds status source contradicted carrierStatus fault state stateName serviceName servicePlan',
      'ipAddress featureCodes profileRole profileStatus comment nidd receivedAt callbackCount maxCallbackThreshold',
    ),
    activationCode: ACTIVATION_CODE,
    deviceCredential: CREDENTIAL,
  },
  DeviceCredential: { username: CREDENTIAL, password: CREDENTIAL },
  DeviceIdentifier: owned('kind reportedKind id'),
  Fault: owned('code message advice'),
  Nidd: owned('configured status reason accountName deviceIds receivedAt callbackCount maxCallbackThreshold'),
  UnclaimedCallback: owned(
    'id accountName callbackService carrierRequestId deviceIds carrierStatus faultCode comment payload receivedAt callbackCount',
  ),
  UnclaimedCallbackConnection: page,
  UnclaimedCallbackEdge: edge,
  DeadLetter: {
    ...owned('id accountName callbackService reason receivedAt contentType byteLength bodyIsBase64'),
    body: ANY_SECRET,
  },
  DeadLetterConnection: page,
  DeadLetterEdge: edge,
  RedrivenDeadLetter: owned('id outcome'),
  AuditEntry: owned('id at caller action accountName deviceCount subject outcome'),
  AuditEntryConnection: page,
  AuditEntryEdge: edge,
  PageInfo: { hasNextPage: 'OPEN', hasPreviousPage: 'OPEN', startCursor: 'OWNED', endCursor: 'OWNED' },

  ActivateDevicesAccepted: accepted,
  RenewActivationCodeAccepted: accepted,
  ResumeProfileAccepted: accepted,
  RetryFailedDevicesAccepted: accepted,
  RequestCancelled: accepted,
  UnknownRequestResolved: accepted,
  MutationError: failure,
  InvalidInput: { ...failure, faults: 'OPEN', totalFaults: 'OPEN' },
  InputFault: { ...failure, path: 'OPEN' },
  InputAccepted: { deviceCount: 'OPEN', carrierRequestCount: 'OPEN' },
  CarrierRefused: { ...failure, carrierErrorCode: 'OWNED', httpStatus: 'OWNED', request: 'OWNED' },
  CarrierUnavailable: failure,
  RateLimited: { ...failure, retryAfterMs: 'OPEN' },
  IdempotencyKeyReused: { ...failure, requestId: 'OWNED' },
};

const RULES = new Map(
  Object.entries(FIELD_RULES).flatMap(([type, fields]) => Object.entries(fields).map(([field, rule]) => [`${type}.${field}`, rule])),
);

/** Null for a field without a rule, which nobody may select. */
export function fieldRule(type: string, field: string): FieldRule | null {
  return RULES.get(`${type}.${field}`) ?? null;
}

function owned(...names: readonly string[]): Record<string, FieldRule> {
  return Object.fromEntries(names.flatMap((line) => line.split(' ')).map((name) => [name, 'OWNED']));
}
