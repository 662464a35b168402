import * as z from 'zod';
import type { CallbackMessage } from './callback.ts';
import { deviceIdentifiers, type DeviceIdentifier } from './device-identifier.ts';
import { lenientText } from './carrier-values.ts';

/**
 * Answers of the carrier, kept in the log beside its callbacks: a record of the device list, an event of the provisioning history, the
 * status of a request for a single device, the result of a device where the carrier answers at once.
 */
export const EVIDENCE_SERVICES = ['DeviceList', 'DeviceHistory', 'RequestStatus', 'DeviceResult'] as const;
export type EvidenceService = (typeof EVIDENCE_SERVICES)[number];

export function isEvidenceService(service: string): service is EvidenceService {
  return (EVIDENCE_SERVICES as readonly string[]).includes(service);
}

/** The part of an answer that is kept. It is enough to show the device, and has none of the personal data of a device list. */
interface Said extends Partial<Pick<CallbackMessage, 'status' | 'state' | 'servicePlan' | 'ipAddress' | 'profileStatus' | 'fault'>> {
  readonly succeeded: boolean;
  readonly deviceIds: readonly Pick<DeviceIdentifier, 'id' | 'reportedKind'>[];
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
  fault: z
    .object({ code: z.string(), message: z.string() })
    .nullish()
    .transform((fault) => fault ?? null),
});

/** Reads stored evidence in the shape of a callback, because a device's outcome shows both in the same way. */
export function parseEvidence(stored: unknown): CallbackMessage {
  return {
    ...shape.parse(stored),
    requestId: null,
    bearing: 'FINAL',
    isOnHold: false,
    isPart: false,
    stateName: null,
    serviceName: null,
    featureCodes: [],
    deviceCredential: null,
    profileRole: null,
    activationCode: null,
    suspension: null,
    nidd: null,
    comment: null,
    maxCallbackThreshold: null,
  };
}
