import type * as z from 'zod';

/** The rules of inputs, by the code of the fault when one is broken. */
export const INPUT_FAULT_CODES = {
  INVALID_TYPE: 'The value is missing, or has another type.',
  INVALID_VALUE: 'The value is none of those that are allowed.',
  INVALID_FORMAT: 'The text does not have the form that the field needs.',
  INVALID_CHARACTER: 'The text has a character that the carrier refuses, or one that cannot be meant.',
  INVISIBLE_CHARACTER: 'The text has a character that nobody can see.',
  TOO_SMALL: 'The text or list is too short. An empty one is left out instead.',
  TOO_BIG: 'The text or list is too long.',
  PADDED: 'The text begins or ends with a space.',
  EMAIL: 'The text is no e-mail address.',
  PO_BOX: 'The address is a P.O. box, and must be a physical one.',
  IDENTIFIER_KIND: 'The operation does not take identifiers of this kind.',
  IDENTIFIER_FORM: 'The identifier does not have the form of its kind.',
  DUPLICATE_KIND: 'The device has two identifiers of one kind.',
  DUPLICATE_DEVICE: 'Another device of the list has the same identifier.',
  NOT_CHANGED: 'The new identifier is one that the device has already.',
  DUPLICATE_KEY: 'The custom field is named twice.',
  DUPLICATE_ADDRESS: 'Another device of the list has the same IP address.',
  EXACTLY_ONE: 'Exactly one of several fields must be given.',
  EXACTLY_ONE_TARGET: 'The devices must be named in exactly one way. None never means all.',
  NOT_CONFIRMED: '`confirmAccountName` does not repeat `accountName`.',
  NEEDS_DEVICES: 'The field goes with listed devices only.',
  NEEDS_IP_POOL: 'An IP address needs the name of its pool.',
  NEEDS_IDENTIFIER: 'The device lacks an identifier that the operation needs.',
  NEEDS_EID_OR_ICCID: 'The eSIM must be named by its EID or ICCID.',
  SKU_NEEDS_ICCID: 'With `skuNumber` each device needs its ICCID.',
  EXCLUDES_LEAD: 'The field cannot be used together with `leadId`.',
  UNKNOWN_ACCOUNT: 'The account is not one that you can use here.',
  NEEDS_EVERY_ACCOUNT: 'The operation may reach devices of every account, so it needs the right to all of them.',
  NOT_FOUND: 'There is no such request, or you may not change it.',
  NOTHING_QUEUED: 'No part of the request waits to be sent.',
  NOTHING_FAILED: 'No device of the request has failed, or none with the fault code that is asked for.',
  ALREADY_RETRIED: 'Every failed device is in a retry already, or the device that is named.',
  NOT_RETRIABLE:
    'Another tool made the request, so the gateway does not know what it asked for. Or no retry can succeed (`Fault.retriable`).',
  NOT_OF_REQUEST: 'The id names no device of the request.',
  NOT_FAILED: 'The device has not failed.',
  NOTHING_TO_ASK: 'The carrier cannot be asked about any device of the request.',
  NOT_UNKNOWN: 'No such carrier request is UNKNOWN now.',
  AMBIGUOUS: 'Several carrier requests fit. Say which one is meant.',
  NOTHING_TO_CHANGE: 'The input asks for no change.',
  ID_TAKEN: 'Another request has this id at the carrier.',
} as const;

export type InputFaultCode = keyof typeof INPUT_FAULT_CODES;

/** One fault of an input: where it is, and what would be right. It never repeats the value, which may be personal data. */
export interface InputFault {
  /** Below the mutation's `input`: `["target", "devices", 3, "deviceIds", 0, "value"]`. */
  readonly path: readonly (string | number)[];
  readonly code: InputFaultCode;
  readonly message: string;
}

export type ReportFault = (path: InputFault['path'], code: InputFaultCode, message: string) => void;

export function isInputFaultCode(word: unknown): word is InputFaultCode {
  return typeof word === 'string' && Object.hasOwn(INPUT_FAULT_CODES, word);
}

export function faultsOf(error: z.ZodError): InputFault[] {
  return error.issues.map((issue) => ({
    path: issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
    code: codeOf(issue),
    message: issue.message,
  }));
}

function codeOf(issue: z.core.$ZodIssue): InputFaultCode {
  const code: unknown = issue.code === 'custom' ? issue.params?.['code'] : issue.code.toUpperCase();
  return isInputFaultCode(code) ? code : 'INVALID_VALUE';
}
