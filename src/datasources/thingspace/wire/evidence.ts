import * as z from 'zod';
import type { CallbackMessage } from './callback.ts';
import { deviceIdentifiers, type DeviceIdentifier } from './device-identifier.ts';
import { lenientText } from './carrier-values.ts';

/**
 * What the carrier said when it was asked, kept in the log beside its callbacks: a record of the device list, an event of the
 * provisioning history, the status of a single-device request.
 */
export const EVIDENCE_SERVICES = ['DeviceList', 'DeviceHistory', 'RequestStatus'] as const;
export type EvidenceService = (typeof EVIDENCE_SERVICES)[number];

export function isEvidenceService(service: string): service is EvidenceService {
  return (EVIDENCE_SERVICES as readonly string[]).includes(service);
}

/** What is kept of an answer: enough to show the device, and none of the personal data a device list comes with. */
export interface Said {
  readonly succeeded: boolean;
  /** The carrier's word, where the answer is a status. */
  readonly status?: string | null;
  readonly deviceIds: readonly Pick<DeviceIdentifier, 'id' | 'reportedKind'>[];
  readonly state?: string | null;
  readonly servicePlan?: string | null;
  readonly ipAddress?: string | null;
  readonly profileStatus?: string | null;
}

export interface Evidence {
  readonly service: EvidenceService;
  readonly json: string;
  readonly message: CallbackMessage;
}

export function evidenceOf(service: EvidenceService, { deviceIds, ...said }: Said): Evidence {
  const json = JSON.stringify({ ...said, deviceIds: deviceIds.map(({ id, reportedKind }) => ({ id, kind: reportedKind })) });
  return { service, json, message: parseEvidence(JSON.parse(json)) };
}

const shape = z.object({
  succeeded: z.boolean(),
  status: lenientText,
  deviceIds: deviceIdentifiers,
  state: lenientText,
  servicePlan: lenientText,
  ipAddress: lenientText,
  profileStatus: lenientText,
});

/** Evidence as it was stored, in the shape of a callback: a device's outcome shows both the same way. */
export function parseEvidence(stored: unknown): CallbackMessage {
  const { succeeded, status, deviceIds, state, servicePlan, ipAddress, profileStatus } = shape.parse(stored);
  return {
    requestId: null,
    deviceIds,
    bearing: 'FINAL',
    succeeded,
    status,
    fault: null,
    ipAddress,
    state,
    stateName: null,
    serviceName: null,
    servicePlan,
    featureCodes: [],
    deviceCredential: null,
    profileStatus,
    profileRole: null,
    activationCode: null,
    suspension: null,
    nidd: null,
    comment: null,
    maxCallbackThreshold: null,
  };
}
