import { leaveOutRespellings, listEachOnce } from '../datasources/thingspace/wire/same-identifier.ts';
import type { CallbackFault } from '../datasources/thingspace/wire/callback-meaning.ts';
import type { CallbackMessage, CallbackSuspension } from '../datasources/thingspace/wire/callback.ts';
import type { StoredCallback, StoredOutcome } from '../datasources/request-log/stored-request.ts';
import { operationNamed } from '../operations/index.ts';
import { mayUse } from '../resolvers/access/caller.ts';
import { adviceFor, isRetriable } from '../resolvers/requests/advice.ts';
import { nameForRetry } from '../resolvers/requests/retried-devices.ts';
import { keyOfDevice } from '../resolvers/requests/same-input.ts';
import { builder } from './builder.ts';
import { DeviceIdentifier, IDENTIFIERS_KNOWN, IDENTIFIERS_OF_MESSAGE } from './device-identifier.ts';
import { OutcomeSourceEnum, OutcomeStatusEnum } from './enums.ts';
import { atMost } from './list-sizes.ts';
import { nodeOf } from './node.ts';
import { RequestRef } from './request-ref.ts';
import { ACTIVATION_CODE, CREDENTIAL, OWNED } from './rules.ts';

const Fault = builder.objectRef<CallbackFault>('Fault').implement({
  extensions: OWNED,
  description: 'A failure that the carrier reported for one device.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        'The carrier’s `faultcode`, for example `UnifiedWebService.REQUEST_FAILED.DeviceAlreadyActive`. Compare it without the part before the first dot, because that part varies.',
    }),
    message: t.exposeString('message', { description: 'The carrier’s `faultstring`. It may change; the code does not.' }),
    advice: t.string({
      nullable: true,
      description: 'What to do about it. Null when this gateway has no advice for the code.',
      resolve: ({ code }) => adviceFor(code),
    }),
    retriable: t.boolean({
      description:
        'True when the same request may succeed later, so that a retry makes sense. `retryFailedDevices` leaves out devices whose fault is not retriable: the fault lies in what the request says (a wrong identifier, a plan that the account does not have), or the carrier still works on the device.',
      resolve: ({ code }) => isRetriable(code),
    }),
  }),
});

const DeviceCredential = builder.objectRef<{ username: string | null; password: string | null }>('DeviceCredential').implement({
  extensions: CREDENTIAL,
  description:
    'The credential that the network gave a device at activation. A secret: do not log it, and ask for it only where it is used.',
  fields: (t) => ({
    username: t.exposeString('username', { nullable: true, description: 'Device user name. Null when the carrier gave none.' }),
    password: t.exposeString('password', { nullable: true, description: 'Device password. A secret. Null when the carrier gave none.' }),
  }),
});

const Suspension = builder.objectRef<CallbackSuspension>('Suspension').implement({
  extensions: OWNED,
  description: 'The carrier’s data about a suspension. Each field is null when the carrier does not tell it.',
  fields: (t) => ({
    expectedResumeDate: t.exposeString('expectedResumeDate', {
      nullable: true,
      description: 'When the carrier restores the device by itself. The date is as the carrier wrote it.',
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
    'The second message of an NB-IoT device. It tells whether Non-IP Data Delivery (NIDD) was configured. It changes neither the status of the device nor that of the request.',
  fields: (t) => ({
    configured: t.boolean({
      description: 'True when NIDD is configured (the carrier’s `ConfigCreated`).',
      resolve: ({ message }) => message.succeeded,
    }),
    status: t.string({
      nullable: true,
      description: 'The carrier’s word: `ConfigCreated`, `ConfigFailed` or `ConfigCreationFailed` (the last two mean the same).',
      resolve: ({ message }) => message.status,
    }),
    reason: t.string({
      nullable: true,
      description: 'Why it failed, for example `Not CatM or NBIoT Device`. Only with a failure, otherwise null.',
      resolve: ({ message }) => message.nidd?.reason ?? null,
    }),
    accountName: t.string({
      nullable: true,
      description: 'The billing account that the message names, leading zeros included.',
      resolve: ({ message }) => message.nidd?.accountName ?? null,
    }),
    deviceIds: t.field({
      extensions: IDENTIFIERS_OF_MESSAGE,
      type: [DeviceIdentifier],
      description: 'The identifiers that the message names, at most 10.',
      resolve: ({ message }) => [...message.deviceIds],
    }),
    receivedAt: t.expose('receivedAt', { type: 'DateTime', description: 'When the message first arrived.' }),
    callbackCount: t.exposeInt('callbackCount', {
      nullable: true,
      description: 'How often the carrier had sent this message when it first arrived. Null when the message does not tell.',
    }),
    maxCallbackThreshold: t.int({
      nullable: true,
      description: 'How often the carrier sends the message at most if it is not acknowledged. Null when the message does not tell.',
      resolve: ({ message }) => message.maxCallbackThreshold,
    }),
  }),
});

/** The fields of a message that are text or null. */
type TextField = { [Key in keyof CallbackMessage]: CallbackMessage[Key] extends string | null ? Key : never }[keyof CallbackMessage];

export const DeviceOutcome = builder.objectRef<StoredOutcome>('DeviceOutcome').implement({
  extensions: OWNED,
  description: 'Everything that is known about one device of a request.',
  ...nodeOf('out'),
  fields: (t) => {
    const finalText = (name: TextField, description: string, extensions = OWNED) =>
      t.string({
        extensions,
        nullable: true,
        description: `${description} By the final callback; until it has come, by the latest one before it. Null when that does not tell it.`,
        resolve: ({ final }) => final?.message[name] ?? null,
      });
    return {
      index: t.exposeInt('index', {
        description:
          'The position of the device in the mutation’s list, from 0. Devices that the carrier reported although the mutation did not name them have the positions after the last.',
      }),
      requested: t.expose('requested', {
        extensions: IDENTIFIERS_OF_MESSAGE,
        type: [DeviceIdentifier],
        nullable: true,
        description: 'The identifiers that the mutation named. Null for a device that the mutation did not name.',
      }),
      deviceIds: t.field({
        extensions: IDENTIFIERS_KNOWN,
        type: [DeviceIdentifier],
        description:
          'Every identifier known: those of the mutation, and those of callbacks (ICCID, EID, IMEI, MDN, MSISDN, IMSI, MIN). At most 12: those of the final callback come first.',
        // Reported ones come first: they are complete, while the mutation may have named an IMEI with 14 digits.
        resolve: ({ requested, final, nidd }) =>
          leaveOutRespellings(listEachOnce(final?.message.deviceIds, nidd?.message.deviceIds, requested)),
      }),
      status: t.expose('status', { type: OutcomeStatusEnum, description: 'The status of the device.' }),
      revision: t.exposeInt('lastSeq', {
        description:
          'How new this state of the device is: the highest of its revisions is the newest, wherever it was read. 0 before anything was reported. A cache keeps what has the higher revision.',
      }),
      source: t.expose('source', {
        type: OutcomeSourceEnum,
        nullable: true,
        description: 'Where the result comes from. Null while there is no result.',
      }),
      isOnHold: t.boolean({
        description:
          'True while the carrier waits for somebody, for example for the approval of a credit. The device is PENDING, its result follows, and it is not offered for a retry.',
        resolve: ({ source, final }) => source === null && final?.message.isOnHold === true,
      }),
      contradicted: t.exposeBoolean('contradicted', {
        description: 'True when a later callback reported the opposite of the first final one. The first one stays in force.',
      }),
      carrierStatus: finalText('status', 'The `status` of the callback, verbatim: `Success`, `SUCCESS`, `Failed`, …'),
      fault: t.field({
        type: Fault,
        nullable: true,
        description: 'Why the device failed, or why it waits (`isOnHold`). Null when the carrier reported no fault.',
        resolve: ({ final }) => final?.message.fault ?? null,
      }),
      state: finalText(
        'state',
        'The state of the device in the carrier’s words: `Active`, `ACTIVE`, `Activate`, `Suspend`, `Deactive`, `Pre-active`, … (The carrier’s table of the legacy callback calls this field the two-letter abbreviation of a US state.)',
      ),
      stateName: finalText('stateName', 'The StateName of a legacy callback.'),
      serviceName: finalText('serviceName', 'The ServiceName of a legacy callback.'),
      servicePlan: finalText(
        'servicePlan',
        'The service plan assigned to the device. For Consumer eSIM for Enterprise the value is `HybridESim`.',
      ),
      ipAddress: finalText('ipAddress', 'The IP address assigned to the device.'),
      featureCodes: t.stringList({
        extensions: atMost(100),
        description:
          'Feature codes. They are not used for this service, so the list is usually empty. Only available with the Verizon Wholesale network. At most 100.',
        resolve: ({ final }) => [...(final?.message.featureCodes ?? [])],
      }),
      deviceCredential: t.field({
        extensions: CREDENTIAL,
        type: DeviceCredential,
        nullable: true,
        description: 'The credential that the network gave the device at activation. A secret. Null when the carrier sent none.',
        resolve: ({ final }) => final?.message.deviceCredential ?? null,
      }),
      activationCode: finalText(
        'activationCode',
        'The new activation code (renewActivationCode). To use it, activate the device with it. A secret: anybody who has it can install the eSIM.',
        ACTIVATION_CODE,
      ),
      profileStatus: finalText(
        'profileStatus',
        'The eSIM profile’s state in the carrier’s words: `ENABLE`, `DISABLE`, `DOWNLOAD_ENABLE`, `DOWNLOAD_DISABLE`, `NOT_DOWNLOADED`, `DELETE`, `UNKNOWN`.',
      ),
      profileRole: finalText(
        'profileRole',
        'The eSIM profile’s role in the carrier’s words: `LEAD`, `LOCAL` (Verizon), `DEFAULT` or Global (remote).',
      ),
      suspension: t.field({
        type: Suspension,
        nullable: true,
        description: 'The carrier’s data about the suspension of the device. Null for other operations.',
        resolve: ({ final }) => final?.message.suspension ?? null,
      }),
      nidd: t.expose('nidd', {
        type: Nidd,
        nullable: true,
        description: 'The NIDD message of an NB-IoT device. Null until it has come; other devices get none.',
      }),
      comment: finalText('comment', 'A comment of the carrier.'),
      receivedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When the final callback first arrived; until it has come, the latest one before it. Null while there is none.',
        resolve: ({ final }) => final?.receivedAt ?? null,
      }),
      callbackCount: t.int({
        nullable: true,
        description:
          'How often the carrier had sent the callback when it first arrived. More than 1 means that earlier attempts were lost, or answered too late. Null without such a callback.',
        resolve: ({ final }) => final?.callbackCount ?? null,
      }),
      maxCallbackThreshold: t.int({
        nullable: true,
        description: 'How often the carrier sends the callback at most if it is not acknowledged. Null when the callback does not tell.',
        resolve: ({ final }) => final?.message.maxCallbackThreshold ?? null,
      }),
      retriedIn: t.field({
        type: RequestRef,
        nullable: true,
        description:
          'The newest retry of the request that names this device. When it is CANCELLED there before it was sent, it may be retried again. Null when it is in no retry, or when you may not read the account.',
        resolve: async (outcome, _args, { loaders, caller }) => {
          const request = await loaders.request.load(outcome.requestId);
          if (!request || !mayUse(caller, request.account, 'read')) return null;
          const operation = operationNamed(request.operation);
          if (!operation || !(await loaders.retrySpan.load(request.id))) return null;
          const [named, retried] = await Promise.all([loaders.namedDevices.load(request.id), loaders.retriedDevices.load(request.id)]);
          const device = named[outcome.index]?.device ?? null;
          const name = nameForRetry({ device, reported: outcome.final?.message.deviceIds ?? [] }, operation);
          return (name && retried.get(keyOfDevice(name))?.newest) ?? null;
        },
      }),
      requestId: t.exposeID('requestId', { description: 'The `id` of the request that this device is part of.' }),
    };
  },
});
