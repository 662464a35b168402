import type { RequestError as StoredError, StoredCarrierRequest } from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';
import { CarrierRequestStateEnum } from './enums.ts';
import { OWNED } from './rules.ts';

export const RequestError = builder.objectRef<StoredError>('RequestError').implement({
  extensions: OWNED,
  description: 'Why a request stands where it stands, when the carrier or the way to it is the reason.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        'The carrier’s errorCode (for profile operations a 3-digit number), or one of this gateway: `UNANSWERED`, `UNUSABLE_ANSWER`, `RESTORED`, `CARRIER_UNAVAILABLE`, `CARRIER_LOGIN_REFUSED`, `RATE_LIMITED`, `CANCELLED`, `WAITED_TOO_LONG`, `NEVER_ARRIVED`. `UNREADABLE_CODE` stands for one of the carrier that does not look like a code.',
    }),
    message: t.exposeString('message', {
      description: 'What happened, in words. The carrier’s own message where it gave one; it may change, the code does not.',
    }),
    httpStatus: t.int({
      nullable: true,
      description: 'The HTTP status of the carrier’s answer, when there was one.',
      resolve: (error) => error.httpStatus ?? null,
    }),
  }),
});

export const CarrierRequest = builder.objectRef<StoredCarrierRequest>('CarrierRequest').implement({
  extensions: OWNED,
  description: 'One POST to ThingSpace. A request has one, or several where the carrier takes fewer devices at once than were given.',
  fields: (t) => ({
    carrierRequestId: t.exposeString('carrierRequestId', {
      nullable: true,
      description:
        'The requestId ThingSpace answered with: the callbacks of all its devices carry it, and support asks for it. Null until it has answered.',
    }),
    state: t.expose('state', { type: CarrierRequestStateEnum, description: 'How it stands.' }),
    callbackService: t.exposeString('service', {
      description: 'The callback service that reports its devices, for example `CarrierService`.',
    }),
    deviceCount: t.exposeInt('deviceCount', {
      nullable: true,
      description: 'How many devices it carries; null where only the carrier knows (a group, the whole account).',
    }),
    firstIndex: t.exposeInt('firstIndex', { description: 'The `index` of its first device.' }),
    attempts: t.exposeInt('attempts', {
      description: 'How often it was put on its way. More than 1 only after attempts of which certainly nothing had an effect.',
    }),
    sentAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it last left.',
      resolve: ({ sentAt }) => (sentAt === null ? null : new Date(sentAt)),
    }),
    answeredAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was answered, or given up as unanswered.',
      resolve: ({ answeredAt }) => (answeredAt === null ? null : new Date(answeredAt)),
    }),
    error: t.expose('error', { type: RequestError, nullable: true, description: 'Why it was refused, was not answered, or still waits.' }),
  }),
});
