import * as z from 'zod';
import { deviceIdentifiers, keyOf, type DeviceIdentifier } from './device-identifier.ts';
import { readCount } from './count.ts';
import { fromLegacyCallback } from './legacy-callback.ts';

/** What one callback says of one device, whatever shape and casing it came in. Absent values are null. */
export interface CallbackMessage {
  /** The carrier's request id; null where the message has none (for example mobile-originated NIDD data). */
  readonly requestId: string | null;
  /** Top-level identifiers first, then the nested ones, each once. */
  readonly deviceIds: readonly DeviceIdentifier[];
  /**
   * What the message does to a device's outcome: `FINAL` settles it, `PROGRESS` (the carrier's Pending and warning) leaves
   * it pending, `NIDD_CONFIG` is the second message of an NB-IoT device, `OTHER` speaks of no outcome at all.
   */
  readonly bearing: 'FINAL' | 'PROGRESS' | 'NIDD_CONFIG' | 'OTHER';
  /** For `FINAL` and `NIDD_CONFIG`: whether it reports success. */
  readonly succeeded: boolean;
  /** The carrier's `status`, verbatim. */
  readonly status: string | null;
  readonly fault: CallbackFault | null;
  readonly ipAddress: string | null;
  readonly state: string | null;
  readonly stateName: string | null;
  readonly serviceName: string | null;
  readonly servicePlan: string | null;
  readonly featureCodes: readonly string[];
  readonly deviceCredential: { readonly username: string | null; readonly password: string | null } | null;
  readonly profileStatus: string | null;
  readonly profileRole: string | null;
  readonly activationCode: string | null;
  readonly nidd: { readonly accountName: string | null; readonly reason: string | null } | null;
  readonly comment: string | null;
  readonly maxCallbackThreshold: number | null;
}

export interface CallbackFault {
  readonly code: string;
  readonly message: string;
}

/** A field that may hold anything, or be missing. */
const anything = z.unknown().optional();

/** Numbers are taken for text: the live API is not consistent, and a lenient reader loses nothing. */
const text = z
  .union([z.string(), z.number().transform(String), z.boolean().transform(String)])
  .nullish()
  .catch(null)
  .transform((value) => (value === undefined || value === null || value === '' ? null : value));

const count = anything.transform(readCount);

/** An object, or a one-element array around it: the pages document both for the same field. */
function single<Shape extends z.ZodType>(shape: Shape) {
  return z
    .preprocess((value) => (Array.isArray(value) ? value[0] : value), shape.nullish())
    .nullish()
    .catch(null);
}

const featureCodes = anything.transform((value): string[] =>
  (Array.isArray(value) ? value : [value])
    .filter((code) => (typeof code === 'string' && code !== '') || typeof code === 'number')
    .map(String),
);

const activateResponse = z.object({
  deviceIds: deviceIdentifiers,
  ipAddress: text,
  state: text,
  stateName: text,
  serviceName: text,
  servicePlan: text,
  featureCodes,
  deviceCredential: single(z.object({ username: text, password: text })),
});

const deviceProfileResponse = z.object({
  deviceIdentifierCollection: deviceIdentifiers,
  state: text,
  profileStatus: text,
  profileRole: text,
  activationCode: text,
});

const envelope = z.object({
  requestId: text,
  deviceIds: deviceIdentifiers,
  deviceResponse: single(
    z.object({
      activateResponse: single(activateResponse),
      deviceProfileResponse: single(deviceProfileResponse),
      changeIdentifierResponse: single(z.object({ deviceIds: deviceIdentifiers, servicePlan: text })),
    }),
  ),
  niddResponse: single(
    z.object({
      niddConfigResponse: single(z.object({ accountName: text, reason: text, deviceIds: deviceIdentifiers })),
      niddMTDeliveryResponse: anything,
      niddMONotificationResponse: anything,
    }),
  ),
  faultResponse: single(z.object({ faultcode: text, faultstring: text })),
  comment: text,
  status: text,
  maxCallbackThreshold: count,
});

type Envelope = z.infer<typeof envelope>;

/** Services whose messages settle a device of a request; the others are kept and shown, but speak of no outcome. */
export const OUTCOME_SERVICES: ReadonlySet<string> = new Set(['CarrierService', 'DeviceProfileService', 'StateService']);

/**
 * Reads one message of `service`, in the documented REST shape or as the older PascalCase `CallbackRequest`.
 *
 * @returns null when it is not an object a callback could be.
 */
export function parseCallback(service: string, raw: unknown): CallbackMessage | null {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return null;
  const parsed = envelope.safeParse(fromLegacyCallback(raw as Record<string, unknown>) ?? raw);
  return parsed.success ? describe(service, parsed.data) : null;
}

function describe(service: string, body: Envelope): CallbackMessage {
  const activate = body.deviceResponse?.activateResponse ?? null;
  const profile = body.deviceResponse?.deviceProfileResponse ?? null;
  const changed = body.deviceResponse?.changeIdentifierResponse ?? null;
  const nidd = body.niddResponse?.niddConfigResponse ?? null;
  const fault =
    body.faultResponse?.faultcode || body.faultResponse?.faultstring
      ? { code: body.faultResponse.faultcode ?? '', message: body.faultResponse.faultstring ?? '' }
      : null;
  return {
    requestId: body.requestId,
    deviceIds: eachOnce(body.deviceIds, activate?.deviceIds, profile?.deviceIdentifierCollection, changed?.deviceIds, nidd?.deviceIds),
    ...bearingOf(service, body, fault !== null),
    status: body.status,
    fault,
    ipAddress: activate?.ipAddress ?? null,
    state: activate?.state ?? profile?.state ?? null,
    stateName: activate?.stateName ?? null,
    serviceName: activate?.serviceName ?? null,
    servicePlan: activate?.servicePlan ?? changed?.servicePlan ?? null,
    featureCodes: activate?.featureCodes ?? [],
    deviceCredential: activate?.deviceCredential ?? null,
    profileStatus: profile?.profileStatus ?? null,
    profileRole: profile?.profileRole ?? null,
    activationCode: profile?.activationCode ?? null,
    nidd: nidd ? { accountName: nidd.accountName, reason: nidd.reason } : null,
    comment: body.comment,
    maxCallbackThreshold: body.maxCallbackThreshold,
  };
}

/** Status words compared without regard to case: the carrier writes `Success` and `SUCCESS`, `Failed` and `Failure`. */
function bearingOf(service: string, body: Envelope, faulty: boolean): Pick<CallbackMessage, 'bearing' | 'succeeded'> {
  const status = body.status?.trim().toLowerCase() ?? '';
  if (body.niddResponse?.niddConfigResponse) return { bearing: 'NIDD_CONFIG', succeeded: status === 'configcreated' };
  if (!OUTCOME_SERVICES.has(service)) return { bearing: 'OTHER', succeeded: false };
  if (status === 'success') return { bearing: 'FINAL', succeeded: true };
  if (status === 'failed' || status === 'failure') return { bearing: 'FINAL', succeeded: false };
  if (status === 'pending' || status === 'warning') return { bearing: 'PROGRESS', succeeded: false };
  if (faulty) return { bearing: 'FINAL', succeeded: false };
  // Messages of 2016 had no status: a response without a fault was the success.
  if (status === '' && body.deviceResponse) return { bearing: 'FINAL', succeeded: true };
  return { bearing: 'PROGRESS', succeeded: false };
}

function eachOnce(first: DeviceIdentifier[], ...more: (readonly DeviceIdentifier[] | undefined)[]): DeviceIdentifier[] {
  const all = [...first];
  // An MDN and its MSISDN share a key; both spellings are worth showing.
  const seen = new Set(first.map(kindAndKey));
  for (const list of more) {
    for (const identifier of list ?? []) {
      const spelling = kindAndKey(identifier);
      if (seen.has(spelling)) continue;
      seen.add(spelling);
      all.push(identifier);
    }
  }
  return all;
}

function kindAndKey(identifier: DeviceIdentifier): string {
  return `${identifier.kind ?? ''} ${keyOf(identifier)}`;
}
