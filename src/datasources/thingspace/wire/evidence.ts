import * as z from 'zod';
import type { CallbackMessage } from './callback.ts';
import { deviceIdentifiers } from './device-identifier.ts';

/**
 * What the carrier said when it was asked, kept in the log beside its callbacks: a record of the device list, an entry of
 * the provisioning history, the status of a single-device request.
 */
export const EVIDENCE_SERVICES = ['DeviceList', 'DeviceHistory', 'RequestStatus'] as const;
export type EvidenceService = (typeof EVIDENCE_SERVICES)[number];

export function isEvidenceService(service: string): service is EvidenceService {
  return (EVIDENCE_SERVICES as readonly string[]).includes(service);
}

const text = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => (value === '' ? null : (value ?? null)));

const evidence = z.object({
  requestId: text,
  deviceIds: deviceIdentifiers,
  status: text,
  ipAddress: text,
  servicePlan: text,
  carrierInformations: z
    .array(z.object({ state: text, servicePlan: text }))
    .nullish()
    .catch(null),
  extendedAttributes: z
    .array(z.object({ key: z.string(), value: text }))
    .nullish()
    .catch(null),
});

/**
 * An answer in the shape of a callback, so that a device's outcome shows it the same way. That it proves the operation done
 * was decided before it was stored; only a request status can also say the opposite.
 *
 * @returns null when it is none of the answers this gateway asks for.
 */
export function parseEvidence(service: EvidenceService, raw: unknown): CallbackMessage | null {
  const parsed = evidence.safeParse(raw);
  if (!parsed.success) return null;
  const { requestId, deviceIds, status, ipAddress, carrierInformations, extendedAttributes } = parsed.data;
  const line = carrierInformations?.find(({ state }) => state?.toLowerCase() === 'active') ?? carrierInformations?.[0];
  return {
    requestId,
    deviceIds,
    bearing: 'FINAL',
    succeeded: service !== 'RequestStatus' || status?.toLowerCase() === 'success',
    status,
    fault: null,
    ipAddress,
    state: line?.state ?? null,
    stateName: null,
    serviceName: null,
    servicePlan: line?.servicePlan ?? parsed.data.servicePlan,
    featureCodes: [],
    deviceCredential: null,
    profileStatus: extendedAttributes?.find(({ key }) => key === 'ProfileStatus')?.value ?? null,
    profileRole: null,
    activationCode: null,
    nidd: null,
    comment: null,
    maxCallbackThreshold: null,
  };
}
