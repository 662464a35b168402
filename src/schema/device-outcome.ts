import { keyOf, type DeviceIdentifier as Identifier } from '../datasources/thingspace/wire/device-identifier.ts';
import type { CallbackFault, CallbackSuspension } from '../datasources/thingspace/wire/callback.ts';
import type { StoredCallback, StoredOutcome } from '../datasources/request-log/stored-request.ts';
import { adviceFor } from '../resolvers/requests/advice.ts';
import { builder } from './builder.ts';
import { DeviceIdentifier } from './device-identifier.ts';
import { OutcomeSourceEnum, OutcomeStatusEnum } from './enums.ts';
import { Node } from './node.ts';
import { ACTIVATION_CODE, CREDENTIAL, OWNED } from './rules.ts';

const Fault = builder.objectRef<CallbackFault>('Fault').implement({
  extensions: OWNED,
  description: 'A failure as the carrier reported it for one device.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        'The carrier’s `faultcode`, for example `UnifiedWebService.REQUEST_FAILED.DeviceAlreadyActive`. Compare without the part before the first dot: it varies.',
    }),
    message: t.exposeString('message', { description: 'The carrier’s `faultstring`. It may change; the code does not.' }),
    advice: t.string({
      nullable: true,
      description: 'What to do about it, where this gateway knows.',
      resolve: ({ code }) => adviceFor(code),
    }),
  }),
});

const DeviceCredential = builder.objectRef<{ username: string | null; password: string | null }>('DeviceCredential').implement({
  extensions: CREDENTIAL,
  description: 'The credential the network gave a device at activation. A secret: do not log it, and ask for it only where it is used.',
  fields: (t) => ({
    username: t.exposeString('username', { nullable: true, description: 'Device user name.' }),
    password: t.exposeString('password', { nullable: true, description: 'Device password. A secret.' }),
  }),
});

const Suspension = builder.objectRef<CallbackSuspension>('Suspension').implement({
  extensions: OWNED,
  description: 'What the carrier says of a suspension: how long it lasts, and how many days of suspension the device has left.',
  fields: (t) => ({
    expectedResumeDate: t.exposeString('expectedResumeDate', {
      nullable: true,
      description: 'When the carrier restores the device by itself, as it wrote the date.',
    }),
    maxSuspendDaysAllowed: t.exposeInt('maxSuspendDaysAllowed', {
      nullable: true,
      description: 'How many days in a row the device may be suspended.',
    }),
    numDaysSuspendAllowedCurrent12Months: t.exposeInt('numDaysSuspendAllowedCurrent12Months', {
      nullable: true,
      description: 'How many days of the present 12 months the device may be suspended.',
    }),
    numDaysSuspendedLast12Months: t.exposeInt('numDaysSuspendedLast12Months', {
      nullable: true,
      description: 'How many days of the last 12 months the device was suspended.',
    }),
  }),
});

const Nidd = builder.objectRef<StoredCallback>('Nidd').implement({
  extensions: OWNED,
  description:
    'The second message of an NB-IoT device: whether Non-IP Data Delivery was configured. It changes neither the status of the device nor of the request.',
  fields: (t) => ({
    configured: t.boolean({ description: 'True for the carrier’s `ConfigCreated`.', resolve: ({ message }) => message.succeeded }),
    status: t.string({
      nullable: true,
      description: 'The carrier’s word: `ConfigCreated`, `ConfigFailed` or `ConfigCreationFailed` (the last two mean the same).',
      resolve: ({ message }) => message.status,
    }),
    reason: t.string({
      nullable: true,
      description: 'Why it failed, for example `Not CatM or NBIoT Device`. Only with a failure.',
      resolve: ({ message }) => message.nidd?.reason ?? null,
    }),
    accountName: t.string({
      nullable: true,
      description: 'The billing account the message names, leading zeros included.',
      resolve: ({ message }) => message.nidd?.accountName ?? null,
    }),
    deviceIds: t.field({
      type: [DeviceIdentifier],
      description: 'All identifiers the message names.',
      resolve: ({ message }) => [...message.deviceIds],
    }),
    receivedAt: t.field({
      type: 'DateTime',
      description: 'When the message first reached us.',
      resolve: ({ receivedAt }) => new Date(receivedAt),
    }),
    callbackCount: t.exposeInt('callbackCount', {
      nullable: true,
      description: 'How often the carrier had sent this message when it first reached us.',
    }),
    maxCallbackThreshold: t.int({
      nullable: true,
      description: 'How often the carrier sends it at most if it is not acknowledged.',
      resolve: ({ message }) => message.maxCallbackThreshold,
    }),
  }),
});

export const DeviceOutcome = builder.objectRef<StoredOutcome>('DeviceOutcome').implement({
  extensions: OWNED,
  description: 'What is known of one device of a request.',
  interfaces: [Node],
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'id' in value && String(value.id).startsWith('out_'),
  fields: (t) => ({
    index: t.exposeInt('index', {
      description:
        'The position of the device in the mutation’s list, from 0. Devices the carrier reported though nobody had named them follow after the last.',
    }),
    requested: t.expose('requested', {
      type: [DeviceIdentifier],
      nullable: true,
      description: 'The identifiers the mutation named; null for a device nobody named.',
    }),
    deviceIds: t.field({
      type: [DeviceIdentifier],
      description: 'Every identifier known: the requested ones and those learnt from callbacks (ICCID, EID, IMEI, MDN, MSISDN, IMSI, MIN).',
      resolve: allIdentifiers,
    }),
    status: t.expose('status', { type: OutcomeStatusEnum, description: 'How the device stands.' }),
    source: t.expose('source', {
      type: OutcomeSourceEnum,
      nullable: true,
      description: 'Where that is known from; null while nothing is.',
    }),
    contradicted: t.exposeBoolean('contradicted', {
      description: 'True when a later callback said the opposite of the first final one. The first stands.',
    }),
    carrierStatus: t.string({
      nullable: true,
      description: 'The callback’s `status`, verbatim: `Success`, `SUCCESS`, `Failed`, …',
      resolve: ({ final }) => final?.message.status ?? null,
    }),
    fault: t.field({
      type: Fault,
      nullable: true,
      description: 'Why the device failed.',
      resolve: ({ final }) => final?.message.fault ?? null,
    }),
    state: t.string({
      nullable: true,
      description:
        'The device’s state in the carrier’s words: `Active`, `ACTIVE`, `Activate`, `Suspend`, `Deactive`, `Pre-active`, … (The table of the legacy callback calls it the two-letter abbreviation of a US state.)',
      resolve: ({ final }) => final?.message.state ?? null,
    }),
    stateName: t.string({
      nullable: true,
      description: 'StateName of a legacy callback.',
      resolve: ({ final }) => final?.message.stateName ?? null,
    }),
    serviceName: t.string({
      nullable: true,
      description: 'ServiceName of a legacy callback.',
      resolve: ({ final }) => final?.message.serviceName ?? null,
    }),
    servicePlan: t.string({
      nullable: true,
      description: 'The service plan assigned to the device. For Consumer eSIM for Enterprise the value is `HybridESim`.',
      resolve: ({ final }) => final?.message.servicePlan ?? null,
    }),
    ipAddress: t.string({
      nullable: true,
      description: 'The IP address assigned to the device.',
      resolve: ({ final }) => final?.message.ipAddress ?? null,
    }),
    featureCodes: t.stringList({
      description: 'Feature codes; not used for this service, so usually empty. Only available with the Verizon Wholesale network.',
      resolve: ({ final }) => [...(final?.message.featureCodes ?? [])],
    }),
    deviceCredential: t.field({
      extensions: CREDENTIAL,
      type: DeviceCredential,
      nullable: true,
      description: 'The credential the network gave the device at activation. A secret.',
      resolve: ({ final }) => final?.message.deviceCredential ?? null,
    }),
    activationCode: t.string({
      extensions: ACTIVATION_CODE,
      nullable: true,
      description:
        'The new activation code (renewActivationCode): activate the device with it. A secret: whoever has it can install the eSIM.',
      resolve: ({ final }) => final?.message.activationCode ?? null,
    }),
    profileStatus: t.string({
      nullable: true,
      description:
        'The eSIM profile’s state in the carrier’s words: `ENABLE`, `DISABLE`, `DOWNLOAD_ENABLE`, `DOWNLOAD_DISABLE`, `NOT_DOWNLOADED`, `DELETE`, `UNKNOWN`.',
      resolve: ({ final }) => final?.message.profileStatus ?? null,
    }),
    profileRole: t.string({
      nullable: true,
      description: 'The eSIM profile’s role in the carrier’s words: `LEAD`, `LOCAL` (Verizon), `DEFAULT` or Global (remote).',
      resolve: ({ final }) => final?.message.profileRole ?? null,
    }),
    suspension: t.field({
      type: Suspension,
      nullable: true,
      description: 'What the carrier says of the suspension of the device; null for other operations.',
      resolve: ({ final }) => final?.message.suspension ?? null,
    }),
    nidd: t.field({
      type: Nidd,
      nullable: true,
      description: 'The NIDD message of an NB-IoT device, once it has come.',
      resolve: ({ nidd }) => nidd,
    }),
    comment: t.string({
      nullable: true,
      description: 'A comment the carrier added.',
      resolve: ({ final }) => final?.message.comment ?? null,
    }),
    receivedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the final callback first reached us.',
      resolve: ({ final }) => (final ? new Date(final.receivedAt) : null),
    }),
    callbackCount: t.int({
      nullable: true,
      description:
        'How often the carrier had sent the final callback when it first reached us: above 1, earlier attempts were lost or answered too late.',
      resolve: ({ final }) => final?.callbackCount ?? null,
    }),
    maxCallbackThreshold: t.int({
      nullable: true,
      description: 'How often the carrier sends the callback at most if it is not acknowledged.',
      resolve: ({ final }) => final?.message.maxCallbackThreshold ?? null,
    }),
    requestId: t.exposeID('requestId', { description: 'The `id` of the request this device is part of.' }),
  }),
});

function allIdentifiers({ requested, final, nidd }: StoredOutcome): Identifier[] {
  const all: Identifier[] = [];
  const seen = new Set<string>();
  // Learnt ones first: they are written in full, where a mutation may have named a 14-digit IMEI.
  for (const identifier of [...(final?.message.deviceIds ?? []), ...(nidd?.message.deviceIds ?? []), ...(requested ?? [])]) {
    const key = `${identifier.kind} ${keyOf(identifier)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    all.push(identifier);
  }
  return all;
}
