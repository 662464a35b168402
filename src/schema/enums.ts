import { OPERATIONS } from '../operations/index.ts';
import { DEVICE_IDENTIFIER_KINDS, type DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';
import {
  CARRIER_REQUEST_STATES,
  OUTCOME_STATUSES,
  REQUEST_STATUSES,
  type CarrierRequestState,
  type OutcomeSource,
  type OutcomeStatus,
  type RequestOrigin,
  type RequestStatus,
} from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';

/** An enum whose values are the words themselves, each with its description. */
export function enumOf<Word extends string>(
  name: string,
  description: string,
  words: readonly Word[],
  meanings: Readonly<Record<Word, string>>,
) {
  const values = Object.fromEntries(words.map((word) => [word, { value: word, description: meanings[word] }])) as Record<
    Word,
    { value: Word; description: string }
  >;
  return builder.enumType(name, { description, values });
}

export const OperationEnum = enumOf(
  'Operation',
  'What a request asks the carrier to do.',
  OPERATIONS.map(({ name }) => name),
  Object.fromEntries(
    OPERATIONS.map(({ name, method, path, texts }) => [name, `${texts.purpose} (\`${method} ${path.replace('/m2m/v1', '')}\`).`]),
  ),
);

export const RequestStatusEnum = enumOf<RequestStatus>(
  'RequestStatus',
  'How a request stands as a whole. SUCCEEDED, PARTIALLY_FAILED, FAILED, REJECTED, EXPIRED and CANCELLED are terminal.',
  REQUEST_STATUSES,
  {
    QUEUED:
      'Taken on and stored; nothing has been sent to the carrier yet. It is sent as soon as there is a connection and room under the carrier’s rate limit.',
    SUBMITTING: 'On its way to the carrier, which has not answered for every part yet.',
    IN_PROGRESS: 'The carrier took it on; devices report one by one, usually within minutes, sometimes only after hours (up to 12).',
    UNKNOWN:
      'It left for the carrier and no answer came, so nobody knows whether it was taken on. It is never sent a second time; what can be learnt from the carrier resolves it.',
    SUCCEEDED: 'Every device succeeded.',
    PARTIALLY_FAILED: 'Some devices succeeded, others did not.',
    FAILED: 'No device succeeded.',
    REJECTED: 'The carrier refused the request as a whole; see `error`.',
    EXPIRED: 'No device reported within the time the carrier documents.',
    CANCELLED: 'Cancelled before it was sent, or stated by an operator never to have arrived.',
  },
);

export const OutcomeStatusEnum = enumOf<OutcomeStatus>('OutcomeStatus', 'How one device of a request stands.', OUTCOME_STATUSES, {
  PENDING: 'Nothing final has been reported yet.',
  OVERDUE: 'Not reported in the usual time (25 minutes, unless configured otherwise); the carrier is being asked.',
  SUCCEEDED: 'The carrier reported success, or showed it when it was asked (`source`).',
  FAILED: 'The carrier reported a failure; see `fault`.',
  EXPIRED: 'Nothing more is expected, and no result could be tied to this device. A late callback still corrects it.',
  CANCELLED: 'Cancelled before it was sent, or stated by an operator never to have arrived.',
  REJECTED: 'The carrier refused the request this device was part of.',
  UNKNOWN: 'The request this device was part of left and was not answered.',
});

export const CarrierRequestStateEnum = enumOf<CarrierRequestState>(
  'CarrierRequestState',
  'How one POST to the carrier stands.',
  CARRIER_REQUEST_STATES,
  {
    QUEUED: 'Waits to be sent.',
    SENDING: 'On its way.',
    ACCEPTED: 'The carrier took it on: it answered with its request id, or its devices show that it arrived.',
    REFUSED: 'The carrier refused it; see `error`.',
    UNKNOWN: 'It left and was not answered. It is never sent again.',
    CANCELLED: 'Cancelled before it was sent, or stated by an operator never to have arrived.',
    CLOSED: 'Nothing more is awaited from it.',
  },
);

export const RequestOriginEnum = enumOf<RequestOrigin>('RequestOrigin', 'Who made a request.', ['GATEWAY', 'EXTERNAL'], {
  GATEWAY: 'A mutation of this gateway.',
  EXTERNAL: 'Another tool: the gateway knows it by its callbacks alone, so its operation and number of devices are unknown.',
});

export const OutcomeSourceEnum = enumOf<OutcomeSource>(
  'OutcomeSource',
  'Where the knowledge of a device’s result comes from.',
  ['CALLBACK', 'RECONCILED'],
  {
    CALLBACK: 'A callback of the carrier.',
    RECONCILED: 'The gateway asked the carrier, because no callback had come.',
  },
);

export const DeviceIdentifierKindEnum = enumOf<DeviceIdentifierKind>(
  'DeviceIdentifierKind',
  'What an identifier of a device identifies.',
  DEVICE_IDENTIFIER_KINDS,
  {
    ICCID: 'The SIM or eSIM profile: 18 to 20 digits.',
    EID: 'The eSIM chip (eUICC): 32 digits.',
    IMEI: 'The device: 14 to 16 digits.',
    MDN: 'The phone number of the line: 10 digits.',
    MSISDN: 'The phone number with its country code: 1 and the MDN, 11 digits.',
    MEID: 'The device (CDMA): 14 hexadecimal digits.',
    ESN: 'The device (old CDMA): 11 digits.',
    IMSI: 'The subscription in the network: 14 or 15 digits. Only in callbacks.',
    MIN: 'The mobile identification number: 10 digits. Only in callbacks.',
  },
);
