import type { RequestError as StoredError, StoredCarrierRequest } from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';
import { CarrierRequestStateEnum } from './enums.ts';
import { OWNED } from './rules.ts';

export const RequestError = builder.objectRef<StoredError>('RequestError').implement({
  extensions: OWNED,
  description: 'Why a request was refused, was not answered or still waits.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        'The carrier’s errorCode (for profile operations a 3-digit number), or a code of this gateway: `UNANSWERED`, `UNUSABLE_ANSWER`, `RESTORED`, `CARRIER_UNAVAILABLE`, `CARRIER_LOGIN_REFUSED`, `RATE_LIMITED`, `CANCELLED`, `WAITED_TOO_LONG`, `NEVER_ARRIVED`. `UNREADABLE_CODE` replaces a carrier’s code that does not look like one.',
    }),
    message: t.exposeString('message', {
      description: 'What happened, in words; the carrier’s own message if it gave one. It may change, the code does not.',
    }),
    httpStatus: t.int({
      nullable: true,
      description: 'The HTTP status of the carrier’s answer. Null without an answer.',
      resolve: (error) => error.httpStatus ?? null,
    }),
  }),
});

export const CarrierRequest = builder.objectRef<StoredCarrierRequest>('CarrierRequest').implement({
  extensions: OWNED,
  description: 'One POST to ThingSpace. A request has several when it names more devices than the carrier accepts in one POST.',
  fields: (t) => ({
    carrierRequestId: t.exposeString('carrierRequestId', {
      nullable: true,
      description:
        'The requestId in the answer of ThingSpace: the callbacks of all its devices carry it, and the carrier’s support asks for it. Null while there is no answer.',
    }),
    state: t.expose('state', { type: CarrierRequestStateEnum, description: 'The state of this POST.' }),
    callbackService: t.exposeString('service', {
      description: 'The callback service that reports its devices, for example `CarrierService`.',
    }),
    deviceCount: t.exposeInt('deviceCount', {
      nullable: true,
      description: 'How many devices it names. Null when the carrier chooses the devices (a group, the whole account).',
    }),
    firstIndex: t.exposeInt('firstIndex', { description: 'The `index` of its first device.' }),
    attempts: t.exposeInt('attempts', {
      description: 'How often it was sent. It is sent again only when the attempts before certainly had no effect.',
    }),
    sentAt: t.expose('sentAt', { type: 'DateTime', nullable: true, description: 'When it was last sent. Null before the first time.' }),
    answeredAt: t.expose('answeredAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the carrier answered, or when the gateway stopped waiting for an answer. Null before.',
    }),
    error: t.expose('error', {
      type: RequestError,
      nullable: true,
      description: 'Why it was refused, was not answered or still waits. Null without such a reason.',
    }),
  }),
});
