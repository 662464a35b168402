import * as z from 'zod';
import { deviceIdentifiers, type DeviceIdentifier } from './device-identifier.ts';
import { listEachOnce } from './same-identifier.ts';
import { isFields, readCount } from './carrier-values.ts';
import { formOf, toRest, type CallbackForm } from './callback-form.ts';

/** The content of one callback about one device, whatever its shape and casing. Absent values are null. */
export interface CallbackMessage {
  /** The carrier's request id. Null when the message has none, for example mobile-originated NIDD data. */
  readonly requestId: string | null;
  /** Top-level identifiers first, then the nested ones, each once. */
  readonly deviceIds: readonly DeviceIdentifier[];
  /**
   * The effect of the message on a device's outcome. `FINAL` settles it. `PROGRESS` (the carrier's Pending and warning) leaves it
   * pending. `NIDD_CONFIG` is the second message of an NB-IoT device. `OTHER` is about no outcome.
   */
  readonly bearing: 'FINAL' | 'PROGRESS' | 'NIDD_CONFIG' | 'OTHER';
  /** Whether a `FINAL` or `NIDD_CONFIG` message reports success. */
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
  readonly suspension: CallbackSuspension | null;
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

/** Numbers are read as text, because the live API is not consistent. */
const text = z
  .union([z.string(), z.number().transform(String), z.boolean().transform(String)])
  .nullish()
  .catch(null)
  .transform((value) => (value === undefined || value === null || value === '' ? null : value));

const count = anything.transform(readCount);

/** An object, or an array of one around it. The pages document both for the same field. */
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

const suspendResponse = z.object({
  expectedResumeDate: text,
  maxSuspendDaysAllowed: count,
  numDaysSuspendAllowedCurrent12Months: count,
  numDaysSuspendedLast12Months: count,
});

/** Counts are whole days. `expectedResumeDate` is verbatim: on that day the carrier restores the device by itself. */
export type CallbackSuspension = Readonly<z.output<typeof suspendResponse>>;

const envelope = z.object({
  requestId: text,
  deviceIds: deviceIdentifiers,
  deviceResponse: single(
    z.object({
      activateResponse: single(activateResponse),
      deviceProfileResponse: single(deviceProfileResponse),
      suspendResponse: single(suspendResponse),
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

/** Services whose messages settle a device of a request. Messages of other services are stored and shown, and settle nothing. */
export const OUTCOME_SERVICES: ReadonlySet<string> = new Set(['CarrierService', 'DeviceProfileService', 'StateService']);

/**
 * Reads one message of `service`.
 *
 * @param form of the message, if it is known already.
 * @returns null when the message cannot be a callback.
 */
export function parseCallback(service: string, raw: unknown, form?: CallbackForm): CallbackMessage | null {
  if (!isFields(raw)) return null;
  const parsed = envelope.safeParse(toRest(raw, form ?? formOf(raw)));
  return parsed.success ? readEnvelope(service, parsed.data) : null;
}

function readEnvelope(service: string, body: Envelope): CallbackMessage {
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
    deviceIds: listEachOnce(body.deviceIds, activate?.deviceIds, profile?.deviceIdentifierCollection, changed?.deviceIds, nidd?.deviceIds),
    ...readBearing(service, body, fault !== null),
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
    suspension: body.deviceResponse?.suspendResponse ?? null,
    nidd: nidd ? { accountName: nidd.accountName, reason: nidd.reason } : null,
    comment: body.comment,
    maxCallbackThreshold: body.maxCallbackThreshold,
  };
}

/** Compares status words without regard to case: the carrier writes `Success` and `SUCCESS`, `Failed` and `Failure`. */
function readBearing(service: string, body: Envelope, hasFault: boolean): Pick<CallbackMessage, 'bearing' | 'succeeded'> {
  const status = body.status?.trim().toLowerCase() ?? '';
  if (body.niddResponse?.niddConfigResponse) return { bearing: 'NIDD_CONFIG', succeeded: status === 'configcreated' };
  if (!OUTCOME_SERVICES.has(service)) return { bearing: 'OTHER', succeeded: false };
  if (status === 'success') return { bearing: 'FINAL', succeeded: true };
  if (status === 'failed' || status === 'failure') return { bearing: 'FINAL', succeeded: false };
  if (status === 'pending' || status === 'warning') return { bearing: 'PROGRESS', succeeded: false };
  if (hasFault) return { bearing: 'FINAL', succeeded: false };
  // Messages of 2016 had no status. A response without a fault was the success.
  if (status === '' && body.deviceResponse) return { bearing: 'FINAL', succeeded: true };
  return { bearing: 'PROGRESS', succeeded: false };
}
