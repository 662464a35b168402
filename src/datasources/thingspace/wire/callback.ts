import * as z from 'zod';
import { deviceIdentifiers, type DeviceIdentifier } from './device-identifier.ts';
import { listEachOnce } from './same-identifier.ts';
import { fieldsOf, isFields, plainName, readCount } from './carrier-values.ts';
import { formOf, unwrap, type CallbackForm } from './callback-form.ts';
import { NOT_DONE, readMeaning, type CallbackFault, type CallbackMeaning } from './callback-meaning.ts';

/** The content of one callback about one device, whatever its shape and casing. Absent values are null. */
export interface CallbackMessage extends CallbackMeaning {
  /** The carrier's request id. Null when the message has none, for example mobile-originated NIDD data. */
  readonly requestId: string | null;
  /** Top-level identifiers first, then the nested ones, each once. */
  readonly deviceIds: readonly DeviceIdentifier[];
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

const credential = single(fieldsOf({ username: text, password: text, stateName: text, serviceName: text }));

/** An XML list, which has its entries under `name`, or the entries themselves. */
function entriesOf<Shape extends z.ZodType>(name: string, shape: Shape) {
  return z.preprocess((value) => {
    const [key] = isFields(value) ? Object.keys(value) : [];
    return isFields(value) && key !== undefined && plainName(key) === name ? value[key] : value;
  }, shape);
}

const fault = anything.transform(readFault);

const activateResponse = fieldsOf({
  deviceIds: deviceIdentifiers,
  deviceIdentifierCollection: entriesOf('deviceidentifier', deviceIdentifiers),
  ipAddress: text,
  state: text,
  stateName: text,
  serviceName: text,
  servicePlan: text,
  featureCodes: entriesOf('featurecode', featureCodes),
  deviceCredential: credential,
});

const deviceProfileResponse = fieldsOf({
  deviceIdentifierCollection: deviceIdentifiers,
  state: text,
  profileStatus: text,
  profileRole: text,
  activationCode: text,
});

const suspendResponse = fieldsOf({
  expectedResumeDate: text,
  maxSuspendDaysAllowed: count,
  numDaysSuspendAllowedCurrent12Months: count,
  numDaysSuspendedLast12Months: count,
});

/** Counts are whole days. `expectedResumeDate` is verbatim: on that day the carrier restores the device by itself. */
export type CallbackSuspension = Readonly<z.output<typeof suspendResponse>>;

/** The legacy form tells of an activation here. */
const legacyService = single(fieldsOf({ changeDeviceState: single(fieldsOf({ activate: single(activateResponse), stateName: text })) }));

/** The documented camelCase, and the older form of the activation page. Both in any letter case, and in a list of one. */
const envelope = fieldsOf({
  requestId: text,
  deviceIds: deviceIdentifiers,
  device: deviceIdentifiers,
  deviceResponse: anything,
  niddResponse: single(
    fieldsOf({
      niddConfigResponse: single(fieldsOf({ accountName: text, reason: text, deviceIds: deviceIdentifiers })),
      niddMTDeliveryResponse: anything,
      niddMONotificationResponse: anything,
    }),
  ),
  faultResponse: fault,
  fault,
  comment: text,
  status: text,
  maxCallbackThreshold: count,
  stateName: text,
  serviceName: text,
  carrierService: legacyService,
  data: single(fieldsOf({ carrierService: legacyService, status: text, comment: text, faultResponse: fault, fault, serviceName: text })),
});

const deviceResponse = single(
  fieldsOf({
    activateResponse: single(activateResponse),
    deviceProfileResponse: single(deviceProfileResponse),
    suspendResponse: single(suspendResponse),
    changeIdentifierResponse: single(fieldsOf({ deviceIds: deviceIdentifiers, servicePlan: text })),
  }),
);

/**
 * Reads one message of `service`.
 *
 * @param form of the message, if it is known already.
 * @returns null when the message cannot be a callback.
 */
export function parseCallback(service: string, raw: unknown, form?: CallbackForm): CallbackMessage | null {
  if (!isFields(raw)) return null;
  const parsed = envelope.safeParse(unwrap(raw, form ?? formOf(raw)));
  return parsed.success ? readEnvelope(service, parsed.data) : null;
}

function readEnvelope(service: string, body: z.output<typeof envelope>): CallbackMessage {
  const response = deviceResponse.parse(body.deviceResponse) ?? null;
  const legacy = body.data?.carrierService ?? body.carrierService ?? null;
  const change = legacy?.changeDeviceState ?? null;
  const activate = response?.activateResponse ?? change?.activate ?? null;
  const profile = response?.deviceProfileResponse ?? null;
  const changed = response?.changeIdentifierResponse ?? null;
  const nidd = body.niddResponse?.niddConfigResponse ?? null;
  const effects = effectsIn(body.deviceResponse);
  const undone = effects.find(({ isDone }) => !isDone);
  const status = body.status ?? body.data?.status ?? null;
  const reported = body.faultResponse ?? body.fault ?? body.data?.faultResponse ?? body.data?.fault ?? faultIn(body.deviceResponse);
  const meaning = readMeaning({
    service,
    status,
    fault: reported,
    hasResponse: response !== null || legacy !== null,
    hasNiddConfig: nidd !== null,
    isDone: effects.length === 0 ? null : !undone,
  });
  return {
    requestId: body.requestId,
    deviceIds: listEachOnce(
      body.deviceIds,
      body.device,
      activate?.deviceIds,
      activate?.deviceIdentifierCollection,
      profile?.deviceIdentifierCollection,
      changed?.deviceIds,
      nidd?.deviceIds,
    ),
    ...meaning,
    status,
    fault: reported ?? (undone && meaning.bearing === 'FINAL' ? notDone(undone.name) : null),
    ipAddress: activate?.ipAddress ?? null,
    state: activate?.state ?? profile?.state ?? null,
    stateName: activate?.deviceCredential?.stateName ?? activate?.stateName ?? change?.stateName ?? body.stateName,
    serviceName: activate?.deviceCredential?.serviceName ?? activate?.serviceName ?? body.data?.serviceName ?? body.serviceName,
    servicePlan: activate?.servicePlan ?? changed?.servicePlan ?? null,
    featureCodes: activate?.featureCodes ?? [],
    deviceCredential: activate?.deviceCredential
      ? { username: activate.deviceCredential.username, password: activate.deviceCredential.password }
      : null,
    profileStatus: profile?.profileStatus ?? null,
    profileRole: profile?.profileRole ?? null,
    activationCode: profile?.activationCode ?? null,
    suspension: response?.suspendResponse ?? null,
    nidd: nidd ? { accountName: nidd.accountName, reason: nidd.reason } : null,
    comment: body.comment ?? body.data?.comment ?? null,
    maxCallbackThreshold: body.maxCallbackThreshold,
  };
}

const faultFields = fieldsOf({ faultcode: text, faultstring: text, errorCode: text, errorMessage: text, code: text, message: text });

/** A fault, the first of a list, or a bare text. Null when it is empty. */
function readFault(value: unknown): CallbackFault | null {
  if (Array.isArray(value)) return value.reduce<CallbackFault | null>((found, each) => found ?? readFault(each), null);
  if (typeof value === 'string') return NO_FAULT.test(value) ? null : { code: '', message: value.trim() };
  const parsed = isFields(value) ? faultFields.safeParse(value) : null;
  if (!parsed?.success) return null;
  const { faultcode, faultstring, errorCode, errorMessage, code, message } = parsed.data;
  const found = { code: faultcode ?? errorCode ?? code ?? '', message: faultstring ?? errorMessage ?? message ?? '' };
  return found.code || found.message ? found : null;
}

const NO_FAULT = /^\s*(?:no|none|null|false|0|ok|success)?\s*$/i;

/** The objects inside a `deviceResponse`, and the `deviceResponse` itself. */
function responsesIn(value: unknown): Record<string, unknown>[] {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  if (!isFields(one)) return [];
  return [
    one,
    ...Object.values(one)
      .flatMap((each: unknown) => (Array.isArray(each) ? each.slice(0, 1) : [each]))
      .filter(isFields),
  ];
}

/** Some responses hold a fault of their own (field: prlInformationResponse, smsDeliveryResponse). */
function faultIn(value: unknown): CallbackFault | null {
  for (const response of responsesIn(value)) {
    for (const [name, each] of Object.entries(response)) {
      const found = FAULT_NAMES.has(plainName(name)) ? readFault(each) : null;
      if (found) return found;
    }
  }
  return null;
}

const FAULT_NAMES: ReadonlySet<string> = new Set(['fault', 'faultresponse']);

interface Effect {
  readonly name: string;
  readonly isDone: boolean;
}

/** What the responses say of their effect: `restoreResponse: {restored: "true"}`. The field tools declare them as text. */
function effectsIn(value: unknown): Effect[] {
  return responsesIn(value).flatMap((response) =>
    Object.entries(response).flatMap(([name, each]): Effect[] => {
      if (!EFFECT_NAMES.has(plainName(name))) return [];
      const word = String(each).trim().toLowerCase();
      return YES.has(word) ? [{ name, isDone: true }] : NO.has(word) ? [{ name, isDone: false }] : [];
    }),
  );
}

const EFFECT_NAMES: ReadonlySet<string> = new Set(['activated', 'deactivated', 'suspended', 'restored', 'resumed']);
const YES: ReadonlySet<string> = new Set(['true', 'yes', '1']);
const NO: ReadonlySet<string> = new Set(['false', 'no', '0']);

function notDone(name: string): CallbackFault {
  return { code: NOT_DONE, message: `The carrier reports no fault, but also that it did not happen (${name}: false).` };
}
