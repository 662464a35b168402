import { type FaultResponse, faultResponse } from '../callbacks/fault-response.ts';

/** The name of an unkindness: what a switch turns on. */
export type UnkindnessName = keyof typeof ofDevices | keyof typeof ofWire;

/** One way in which the carrier may be unkind. It applies to every device by a switch, or to one by a magic identifier. */
export interface Unkindness {
  readonly name: UnkindnessName;
  /** The magic identifier: the last four digits of the ICCID in the request, or of its first identifier when it has no ICCID. */
  readonly suffix: string;
  readonly description: string;
  /** What becomes of a device and is said of it; or how messages and answers go over the wire. */
  readonly about: 'device' | 'wire';
  /** What the device fails with. */
  readonly fault?: FaultResponse;
}

type Row = readonly [suffix: string, description: string, fault?: FaultResponse];

const generalError = faultResponse('REQUEST_FAILED.UnexpectedError', 'Unexpected error occurred. Could not complete request.');
const denied = faultResponse('REQUEST_CANCELLED.CreditApproval', 'The credit approval was denied');

const ofDevices = {
  // When, and how often.
  late: ['0001', 'Succeeds, but reports only after 60 seconds.'],
  silent: ['0002', 'Is done, but never reports: the device list shows the new state, no callback comes.'],
  'pending-first': ['0003', 'Reports Pending first, then its result.'],
  twice: ['0004', 'Reports its result twice, byte for byte the same.'],
  'nidd-failed': ['0005', 'Success, then ConfigFailed by NiddService, if the operation reports there. The device need not be NB-IoT.'],
  contradiction: ['0006', 'Contradicts itself: Success first, then Failed with a general error.'],
  'nidd-created': ['0007', 'Success, then ConfigCreated by NiddService, if the operation reports there. The device need not be NB-IoT.'],

  // A device that fails.
  'wrong-state': [
    '4000',
    'Fails: the device is in a state that does not allow the operation.',
    faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in a valid state for this request'),
  ],
  'other-account': [
    '4030',
    'Fails: the device belongs to another account.',
    faultResponse('INPUT_INVALID.Device.Account.Invalid', 'The device was not a part of the account specified.'),
  ],
  'not-found': ['4040', 'Fails: device not found.', faultResponse('REQUEST_FAILED.DeviceNotFound', 'Device not found')],
  'already-active': [
    '4090',
    'Fails: device already active.',
    faultResponse('REQUEST_FAILED.DeviceAlreadyActive', 'Device is already active'),
  ],
  'plan-not-found': [
    '4220',
    'Fails: the service plan is not found for this device.',
    faultResponse('REQUEST_FAILED.ServicePlan.NotFound', 'Service plan not found'),
  ],
  'general-error': ['5000', 'Fails with the general error that asks for a support ticket.', generalError],

  // What a message says.
  'on-hold-then-success': ['5401', 'Waits for the approval of a credit (REQUEST_ONHOLD, status Failed), then reports its result.'],
  'on-hold-then-denied': ['5402', 'Waits for the approval of a credit (REQUEST_ONHOLD, status Failed), then fails: it is denied.', denied],
  'fault-with-success': ['5403', 'Fails with a fault beside the status Success.', generalError],
  'fault-without-status': ['5404', 'Fails with a fault and no status.', generalError],
  'fault-with-pending': ['5405', 'Fails. A message with the fault and the status Pending comes before the one with Failed.', generalError],
  'warning-first': ['5406', 'Reports a warning first, with a comment, then its result.'],
  'not-restored': ['5407', 'Restore: status Success, but restored is "false", and the device stays suspended.'],
  'profile-already': ['5408', 'Operations on eSIMs: its profile reports first that it is already suspended (a fault), then its result.'],
  'shows-download-enable': ['5409', 'Resume of a profile: it shows DOWNLOAD_ENABLE, in its message and in the device list.'],
  'record-refused': ['5410', 'Is done, but never reports, and the device list answers HTTP 400 for this one device.'],

  // Which device a message names.
  'named-by-mdn': ['5501', 'Its messages name it by its MDN alone.'],
  'named-by-mdn-and-imei': ['5502', 'Its messages name it by its MDN and IMEI, as in the sample of the renewal.'],
  'fault-names-one': ['5503', 'Fails with a fault that names only the first of its identifiers.', generalError],
} as const satisfies Record<string, Row>;

const ofWire = {
  // How a message is spelled.
  'pascal-case': ['5601', 'Its messages are in PascalCase.'],
  'fault-pascal-case': ['5602', 'Fails with FaultResponse {FaultCode, FaultString}.', generalError],
  'fault-in-response': ['5603', 'Fails with a fault inside deviceResponse.', generalError],
  'legacy-json': ['5604', 'CarrierService: the older CallbackRequest, as JSON.'],
  'legacy-json-in-data': ['5605', 'CarrierService: the older CallbackRequest, as JSON, its status, comment and fault inside Data.'],
  'legacy-xml': ['5606', 'CarrierService: the older CallbackRequest, as XML.'],
  'legacy-xml-in-data': ['5607', 'CarrierService: the older CallbackRequest, as XML, its status, comment and fault inside Data.'],

  // What is around a message.
  'callback-gzip': ['6501', 'Its messages are compressed with gzip.'],
  'callback-utf-16': ['6502', 'Its messages are in UTF-16.'],
  'callback-latin1': ['6503', 'Its messages are in Latin-1 (charset=latin1), with a comment that has an accent.'],
  'callback-references': ['6504', 'Its messages are text in an XML element, every character a reference.'],
  'callback-list': ['6505', 'Its messages are lists of one.'],
  'callback-slash': ['6506', 'Its messages go to the registered URL with a slash behind the path.'],

  // How the carrier answers. A magic identifier has it in the answer to each request that names it first.
  'answer-bom': ['6601', 'Answers begin with a byte order mark.'],
  'answer-gzip': ['6602', 'Answers are compressed with gzip.'],
  'answer-deflate': ['6603', 'Answers are compressed with deflate.'],
  'answer-br': ['6604', 'Answers are compressed with Brotli.'],
  'answer-pascal-case': ['6605', 'Answers are in PascalCase: RequestId.'],
  'answer-list': ['6606', 'Answers are lists of one.'],
  'answer-blanks': ['6607', 'The requestId has blanks around it.'],
  'answer-braces': ['6608', 'The requestId is a GUID in capitals and braces.'],
  'one-as-object': ['6609', 'A list of one registration (or of anything else) is answered as that one object.'],
  'error-pascal-case': ['6610', 'Errors are {ErrorCode, ErrorMessage}. A request that names the magic identifier first has one.'],
  'error-list': ['6611', 'Errors are lists of one. A request that names the magic identifier first has one.'],
  'firewall-200': ['6612', 'A firewall answers with HTML and status 200. The carrier never sees the request.'],
  'firewall-403': ['6613', 'A firewall answers with HTML and status 403. The carrier never sees the request.'],
  'firewall-404': ['6614', 'A firewall answers with HTML and status 404. The carrier never sees the request.'],
  'empty-answer': ['6615', 'The carrier does what is asked. Its answer is 200 with an empty body.'],
} as const satisfies Record<string, Row>;

const rows: Readonly<Record<UnkindnessName, Row>> = { ...ofDevices, ...ofWire };

const isName = (name: string): name is UnkindnessName => Object.hasOwn(rows, name);

/** Every unkindness. Each applies to every operation, unless its description says otherwise. */
export const unkindnesses: readonly Unkindness[] = Object.keys(rows)
  .filter(isName)
  .map((name) => {
    const [suffix, description, fault] = rows[name];
    const about = Object.hasOwn(ofDevices, name) ? 'device' : 'wire';
    return { name, suffix, description, about, ...(fault && { fault }) };
  });

/** The names among them. Throws RangeError, with all there are, when one is unknown. */
export function unkindnessNames(names: readonly string[]): UnkindnessName[] {
  const unknown = names.find((name) => !isName(name));
  if (unknown !== undefined) throw new RangeError(`There is no unkindness ${unknown}; there are ${Object.keys(rows).join(', ')}.`);
  return names.filter(isName);
}
