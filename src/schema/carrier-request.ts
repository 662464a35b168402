import type { RequestError as StoredError, StoredCarrierRequest } from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';
import { CarrierRequestStateEnum, enumOf } from './enums.ts';
import { isEvidenceService } from '../datasources/thingspace/wire/evidence.ts';
import { OWNED } from './rules.ts';

const CODES = {
  CARRIER_REFUSED: 'The carrier refused the request. See `carrierErrorCode`.',
  CARRIER_UNAVAILABLE: 'There is no connection to the carrier, or it does not work. The request waits.',
  CARRIER_LOGIN_REFUSED: 'The carrier refuses the login of the gateway. The request waits.',
  RATE_LIMITED: 'The carrier asked to wait. The request waits.',
  UNANSWERED: 'The request was sent and not answered.',
  UNUSABLE_ANSWER: 'The carrier answered with an id that another request has.',
  RESTORED: 'The store was restored from a backup, so it is not known whether the request was sent.',
  CANCELLED: 'The request was cancelled before it was sent.',
  COUNT_DIFFERS:
    'The carrier lists another number of devices than `confirmDeviceCount`, which `message` tells. Nothing was sent, and nothing will be.',
  COUNT_UNKNOWN: 'The carrier refused to list the devices, so they could not be counted. Nothing was sent, and nothing will be.',
  WAITED_TOO_LONG: 'The request waited longer than the limit, and was not sent.',
  NEVER_ARRIVED: 'An operator stated that the request never arrived.',
  OTHER: 'Another reason: see `message`.',
} as const;

const RequestErrorCode = enumOf<keyof typeof CODES>(
  'RequestErrorCode',
  'Why a request was refused, was not answered or still waits.',
  CODES,
);

/** Only the carrier's own refusal came with an HTTP status. Its code may be any word. */
function codeOf({ code, httpStatus }: StoredError): keyof typeof CODES {
  if (httpStatus !== undefined) return 'CARRIER_REFUSED';
  return isCode(code) ? code : 'OTHER';
}

function isCode(word: string): word is keyof typeof CODES {
  return Object.hasOwn(CODES, word);
}

export const RequestError = builder.objectRef<StoredError>('RequestError').implement({
  extensions: OWNED,
  description: 'Why a request was refused, was not answered or still waits.',
  fields: (t) => ({
    code: t.field({ type: RequestErrorCode, description: 'The reason for programs.', resolve: codeOf }),
    carrierErrorCode: t.string({
      nullable: true,
      description:
        'With CARRIER_REFUSED: the carrier’s errorCode, verbatim (for profile operations a 3-digit number); the HTTP status when the carrier gave none. `UNREADABLE_CODE` replaces a code that does not look like one. Otherwise null.',
      resolve: (error) => (codeOf(error) === 'CARRIER_REFUSED' ? error.code : null),
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
    callbackService: t.string({
      nullable: true,
      description:
        'The callback service that reports its devices, for example `CarrierService`. Null where the carrier answers at once with their results.',
      resolve: ({ service }) => (isEvidenceService(service) ? null : service),
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
