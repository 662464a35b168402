import { OPERATIONS } from '../operations/index.ts';
import type { DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';
import type {
  CarrierRequestState,
  OutcomeSource,
  OutcomeStatus,
  RequestOrigin,
  RequestStatus,
} from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';

/** Declares an enum. Its values are the words themselves, each with its description. */
export function enumOf<Word extends string>(name: string, description: string, meanings: Readonly<Record<Word, string>>) {
  const values = Object.fromEntries(
    Object.entries<string>(meanings).map(([word, meaning]) => [word, { value: word, description: meaning }]),
  ) as Record<Word, { value: Word; description: string }>;
  return builder.enumType(name, { description, values });
}

export const OperationEnum = enumOf(
  'Operation',
  'What a request asks the carrier to do.',
  Object.fromEntries(
    OPERATIONS.map(({ name, method, paths, texts }) => [
      name,
      `${texts.purpose} (${paths.map((path) => `\`${method} ${path.replace('/m2m/v1', '')}\``).join(' or ')}).`,
    ]),
  ),
);

export const RequestStatusEnum = enumOf<RequestStatus>(
  'RequestStatus',
  'The status of a request as a whole. SUCCEEDED, PARTIALLY_FAILED, FAILED, REJECTED, EXPIRED and CANCELLED are terminal.',
  {
    QUEUED:
      'The request is stored, and nothing has been sent to the carrier yet. It is sent as soon as there is a connection and the carrier’s rate limit allows it.',
    SUBMITTING: 'The request is on its way. The carrier has not answered for every part yet.',
    IN_PROGRESS:
      'The carrier accepted the request. Devices report one by one, usually within minutes, sometimes only after hours (up to 12).',
    UNKNOWN:
      'The request was sent and no answer came, so nobody knows whether the carrier accepted it. It is never sent again. The gateway asks the carrier about its devices; an operator can also state what happened (`resolveUnknownRequest`).',
    SUCCEEDED: 'Every device succeeded.',
    PARTIALLY_FAILED: 'Some devices succeeded, others did not.',
    FAILED: 'No device succeeded.',
    REJECTED: 'The carrier refused the request as a whole. See `error`.',
    EXPIRED: 'No device reported within the time that the carrier documents.',
    CANCELLED: 'The request was cancelled before it was sent, or an operator stated that it never arrived.',
  },
);

export const OutcomeStatusEnum = enumOf<OutcomeStatus>('OutcomeStatus', 'The status of one device of a request.', {
  PENDING: 'No final report has come yet.',
  OVERDUE: 'No report came in the usual time (25 minutes, unless configured otherwise). The gateway asks the carrier.',
  SUCCEEDED: 'The carrier reported success, or its records show it. See `source`.',
  FAILED: 'The carrier reported a failure. See `fault`.',
  EXPIRED: 'No report is expected any more, and no result could be matched to this device. A late callback still corrects it.',
  CANCELLED: 'The device was cancelled before it was sent, or an operator stated that its request never arrived.',
  REJECTED: 'The carrier refused the carrier request of this device.',
  UNKNOWN: 'The carrier request of this device was sent and never answered.',
});

export const CarrierRequestStateEnum = enumOf<CarrierRequestState>('CarrierRequestState', 'The state of one POST to the carrier.', {
  QUEUED: 'It waits to be sent.',
  SENDING: 'It is on its way.',
  ACCEPTED: 'The carrier accepted it: it answered with a requestId, or its devices show that the POST arrived.',
  REFUSED: 'The carrier refused it. See `error`.',
  UNKNOWN: 'It was sent and never answered. It is never sent again.',
  CANCELLED: 'It was cancelled before it was sent, or an operator stated that it never arrived.',
  CLOSED: 'Nothing more is expected from it.',
});

export const RequestOriginEnum = enumOf<RequestOrigin>('RequestOrigin', 'Where a request was made.', {
  GATEWAY: 'In this gateway, by a mutation.',
  EXTERNAL: 'In another tool. The gateway knows the request only by its callbacks, so its operation and its number of devices are unknown.',
});

export const OutcomeSourceEnum = enumOf<OutcomeSource>('OutcomeSource', 'Where the result of a device comes from.', {
  CALLBACK: 'From a callback of the carrier.',
  RECONCILED: 'From the carrier’s records. The gateway asked for them because no callback had come.',
  ANSWER: 'From the carrier’s answer to the request itself. Operations that send no callback report their devices so.',
});

export const DeviceIdentifierKindEnum = enumOf<DeviceIdentifierKind>('DeviceIdentifierKind', 'The kind of an identifier of a device.', {
  ICCID: 'The SIM or eSIM profile: 18 to 20 digits.',
  EID: 'The eSIM chip (eUICC): 32 digits.',
  IMEI: 'The device: 14 to 16 digits.',
  MDN: 'The phone number of the line: 10 digits.',
  MSISDN: 'The phone number with its country code: 1 and the MDN, 11 digits.',
  MEID: 'The device (CDMA): 14 hexadecimal digits.',
  ESN: 'The device (old CDMA): 11 digits.',
  IMSI: 'The subscription in the network: 14 or 15 digits. Only callbacks have it.',
  MIN: 'The mobile identification number: 10 digits. Only callbacks have it.',
});
