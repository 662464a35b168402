/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** One device to activate. */
export type ActivateDeviceInput = {
  /** Its identifiers, each kind once: for a 4G device its IMEI and ICCID (or the ICCID alone with `skuNumber`). Takes IMEI, ICCID, EID, MDN, MEID, MSISDN and ESN. */
  deviceIds: Array<DeviceIdentifierInput>;
  /** The IP address to assign, in the format 1-255.0-255.0-255.0-255: `100.127.22.33`. Needs `carrierIpPoolName`. */
  ipAddress?: string | null | undefined;
};

/** What to activate, and how. Exactly one of `devices`, `activateGroup` and `activateWholeAccount` says which devices. Devices must already exist in Verizon Mobile Device Management (MDM). If they are not in the account yet and the activation fails, they may be added to it as deactivated. No field may contain `'`, `<` or `\`. */
export type ActivateDevicesInput = {
  /** The billing account, usually 10 digits, a dash and 5 digits: `0868924207-00001`. Leading zeros must be included. The carrier itself asks for it only where a user has several billing accounts; here it is always required, so that a further account breaks nothing. */
  accountName: string;
  /** Activate the devices of a group instead of a list. */
  activateGroup?: ActivateGroupInput | null | undefined;
  /** Activate the devices of the whole account instead of a list. */
  activateWholeAccount?: ActivateWholeAccountInput | null | undefined;
  /** The private IP pool (Carrier Group Name) the device addresses come from; the default pool when left out. Required when a device has an `ipAddress`. */
  carrierIpPoolName?: string | null | undefined;
  /** The carrier that performs the activation. Only needed if you have more than one; your only carrier is used by default. */
  carrierName?: string | null | undefined;
  /** Your own name for the request, 1–255 characters; `requests(filter: {clientReference})` finds it. */
  clientReference?: string | null | undefined;
  /** The cost center of all devices of the request: at most 36 letters, digits, spaces, dashes, exclamation points and pound signs. */
  costCenterCode?: string | null | undefined;
  /** Custom fields to set on the listed `devices`, each key once. */
  customFields?: Array<CustomFieldInput> | null | undefined;
  /** 1 to 10,000 devices. Leave it out to activate a group or the whole account. */
  devices?: Array<ActivateDeviceInput> | null | undefined;
  /** The device group to put the listed `devices` into. (To activate the devices of a group, use `activateGroup`.) */
  groupName?: string | null | undefined;
  /** Makes a repeat harmless: the same key with the same input gives the same request, and the carrier hears of it once. 1–255 characters, unique to you within the account. Use a new UUID for each action of a user. */
  idempotencyKey?: string | null | undefined;
  /** The ID of a “Qualified” or “Closed - Won” VPP customer lead (GET /leads), used for MDN assignment, taxation and compensation. Not allowed for non-VPP activations, nor together with `primaryPlaceOfUse`. Set `mdnZipCode` to the zip value of the lead’s address. */
  leadId?: string | null | undefined;
  /** The 5-digit ZIP code where the service will primarily be used, or one you have been told to use. With geographic numbering the MDN is derived from it. With `leadId`, set it to the ZIP code of the lead’s address. Devices are assigned non-geographic MDNs if the account and device both support this feature. */
  mdnZipCode: string;
  /** Customer and address of use; the account profile’s address when left out. Cannot be used with `leadId`: VPP partners enter a lead, whose AddressZipCode is used for taxation, or these fields without one to associate customer data with devices. */
  primaryPlaceOfUse?: PrimaryPlaceOfUseInput | null | undefined;
  /** For static IP addresses on the public network: `restricted` (no general access to the Internet) or `unrestricted`. */
  publicIpRestriction?: string | null | undefined;
  /** The service plan for all devices: one of the codes the carrier lists for the account (GET /plans); for Consumer eSIM for Enterprise it is `HybridESim`. The carrier hands out the codes at on-boarding and whenever plans change. Any devices that are not supported by the service plan will not activate. */
  servicePlan: string;
  /** The Stock Keeping Unit of a 4G device type, at most 20 characters, in lieu of the IMEI: each device then needs its ICCID, and all must be of the same type. SIM OTA must be performed before maintenance transactions (service plan, feature or ICCID change). */
  skuNumber?: string | null | undefined;
  /** Check everything and send nothing: the result is InputAccepted or InvalidInput. */
  validateOnly?: boolean | null | undefined;
};

/** Activates the devices of a group. */
export type ActivateGroupInput = {
  /** Activate only devices with these custom field values. They must have been added to the account with them before. */
  customFieldFilter?: Array<CustomFieldFilterInput> | null | undefined;
  /** The device group. */
  groupName: string;
};

/** Activates every 4G device of the account, or those with specific custom field values. */
export type ActivateWholeAccountInput = {
  /** Repeat `accountName`: every line of the account will be billed. */
  confirmAccountName: string;
  /** Activate only devices with these custom field values. They must have been added to the account with them before. */
  customFieldFilter?: Array<CustomFieldFilterInput> | null | undefined;
};

/** How one POST to the carrier stands. */
export type CarrierRequestState =
  /** The carrier answered with its request id. */
  | 'ACCEPTED'
  /** Cancelled before it was sent. */
  | 'CANCELLED'
  /** Nothing more is awaited from it. */
  | 'CLOSED'
  /** Waits to be sent. */
  | 'QUEUED'
  /** The carrier refused it; see `error`. */
  | 'REFUSED'
  /** On its way. */
  | 'SENDING'
  /** It left and was not answered. It is never sent again. */
  | 'UNKNOWN';

/** Chooses devices that were added to the account before and have this value. */
export type CustomFieldFilterInput = {
  /** `CustomField1`, `CustomField2`, `CustomField3`, `CustomField4` or `CustomField5`. */
  key: string;
  /** The value a device must have; at most 50 characters. */
  value: string;
};

/** A custom field to set on every device of the request. */
export type CustomFieldInput = {
  /** `CustomField1`, `CustomField2`, `CustomField3`, `CustomField4` or `CustomField5`. */
  key: string;
  /** A user-defined text of at most 50 characters, without `'`, `<` and `\`. */
  value: string;
};

/** The customer name to be used for line usage taxation. */
export type CustomerNameInput = {
  /** First name: at most 20 letters, digits, spaces, dashes, exclamation points and pound signs. */
  firstName: string;
  /** Last name: at most 25 letters, digits, spaces, dashes, exclamation points and pound signs. */
  lastName: string;
  /** Middle name. */
  middleName?: string | null | undefined;
  /** A suffix such as `Jr.` or `III.` */
  suffix?: string | null | undefined;
  /** A title such as `Mr.` or `Dr.` */
  title?: string | null | undefined;
};

/** Names a device by one of its identifiers. */
export type DeviceIdentifierFilter = {
  /** The identifier, digits only. An IMEI is found with 14, 15 or 16 digits, an MDN also as MSISDN. */
  id: string;
  /** What the identifier identifies. */
  kind: DeviceIdentifierKind;
};

/** Type and value of one identifier of a device. */
export type DeviceIdentifierInput = {
  /** The value, digits only. ICCID 18–20 digits, EID 32, IMEI 14–16, MDN 10, MSISDN 11, ESN 11; MEID 14 hexadecimal digits. */
  id: string;
  /** What it identifies. Each operation says which kinds it takes. */
  kind: DeviceIdentifierKind;
};

/** What an identifier of a device identifies. */
export type DeviceIdentifierKind =
  /** The eSIM chip (eUICC): 32 digits. */
  | 'EID'
  /** The device (old CDMA): 11 digits. */
  | 'ESN'
  /** The SIM or eSIM profile: 18 to 20 digits. */
  | 'ICCID'
  /** The device: 14 to 16 digits. */
  | 'IMEI'
  /** The subscription in the network: 14 or 15 digits. Only in callbacks. */
  | 'IMSI'
  /** The phone number of the line: 10 digits. */
  | 'MDN'
  /** The device (CDMA): 14 hexadecimal digits. */
  | 'MEID'
  /** The mobile identification number: 10 digits. Only in callbacks. */
  | 'MIN'
  /** The phone number with its country code: 1 and the MDN, 11 digits. */
  | 'MSISDN';

/** What a request asks the carrier to do. */
export type Operation =
  /** Activate service for devices (`POST /devices/actions/activate`). */
  | 'ACTIVATE_DEVICES'
  /** Make a new activation code for a deactivated eSIM (`POST /devices/profile/actions/renew_activation_code`). */
  | 'RENEW_ACTIVATION_CODE'
  /** Resume a suspended eSIM profile (`POST /devices/profile/actions/profile_resume`). */
  | 'RESUME_PROFILE';

/** Where the knowledge of a device’s result comes from. */
export type OutcomeSource =
  /** A callback of the carrier. */
  | 'CALLBACK'
  /** The gateway asked the carrier, because no callback had come. */
  | 'RECONCILED';

/** How one device of a request stands. */
export type OutcomeStatus =
  /** Cancelled before it was sent. */
  | 'CANCELLED'
  /** Nothing more is expected, and no result could be tied to this device. A late callback still corrects it. */
  | 'EXPIRED'
  /** The carrier reported a failure; see `fault`. */
  | 'FAILED'
  /** Not reported in the usual time; the carrier is being asked. */
  | 'OVERDUE'
  /** Nothing final has been reported yet. */
  | 'PENDING'
  /** The carrier refused the request this device was part of. */
  | 'REJECTED'
  /** The carrier reported success. */
  | 'SUCCEEDED'
  /** The request this device was part of left and was not answered. */
  | 'UNKNOWN';

/** The customer address for the line’s primary place of use, for line usage taxation. */
export type PlaceOfUseAddressInput = {
  /** The street address. It must be a physical address for taxation; it cannot be a P.O. box. */
  addressLine1: string;
  /** Additional street address information. */
  addressLine2?: string | null | undefined;
  /** City. */
  city: string;
  /** Either `US` or `USA`. */
  country: string;
  /** An e-mail address of the customer. */
  emailAddress?: string | null | undefined;
  /** A phone number where the customer can be reached. */
  phone?: string | null | undefined;
  /** A single letter for the customer’s phone type, for example `H` or `W`. */
  phoneType?: string | null | undefined;
  /** The two-letter abbreviation of the state, for example `TX` for Texas (ISO 3166-2:US). */
  state: string;
  /** ZIP code, 5 digits. */
  zip: string;
  /** The 4 digits of the ZIP+4. */
  zip4?: string | null | undefined;
};

/** The customer name and the address of the device’s primary place of use, applied to all devices of the request. The location may affect taxation or have other legal implications: you may want legal or financial advice before entering it. If the account is enabled for non-geographic MDNs and the device supports it, the address is also used to derive the MDN. */
export type PrimaryPlaceOfUseInput = {
  /** The customer address for line usage taxation. */
  address: PlaceOfUseAddressInput;
  /** The customer name to be used for line usage taxation. */
  customerName: CustomerNameInput;
};

/** One eSIM device. */
export type RenewActivationCodeDeviceInput = {
  /** EID, ICCID and IMEI, each at most once, with at least the EID or the ICCID. For Consumer eSIM for Enterprise the carrier’s text takes EID and ICCID only; its examples also send the IMEI. */
  deviceIds: Array<DeviceIdentifierInput>;
};

/** Which eSIMs get a new activation code. */
export type RenewActivationCodeInput = {
  /** The billing account, usually 10 digits, a dash and 5 digits: `0868924207-00001`. Leading zeros must be included. The carrier itself asks for it only where a user has several billing accounts; here it is always required, so that a further account breaks nothing. */
  accountName: string;
  /** Your own name for the request, 1–255 characters; `requests(filter: {clientReference})` finds it. */
  clientReference?: string | null | undefined;
  /** 1 to 10,000 deactivated devices. */
  devices: Array<RenewActivationCodeDeviceInput>;
  /** Makes a repeat harmless: the same key with the same input gives the same request, and the carrier hears of it once. 1–255 characters, unique to you within the account. Use a new UUID for each action of a user. */
  idempotencyKey?: string | null | undefined;
  /** The 5-digit ZIP code of the profile. */
  mdnZipCode?: string | null | undefined;
  /** The service plan the account is subscribed to. It drives billing for usage. */
  servicePlan?: string | null | undefined;
  /** Check everything and send nothing: the result is InputAccepted or InvalidInput. */
  validateOnly?: boolean | null | undefined;
};

/** Narrows a list of requests; what is left out does not narrow it. */
export type RequestFilter = {
  /** With exactly this name of the caller’s. */
  clientReference?: string | null | undefined;
  /** About this device, by any identifier that was requested or learnt. */
  deviceId?: DeviceIdentifierFilter | null | undefined;
  /** Asking for this. */
  operation?: Operation | null | undefined;
  /** Taken on at this moment or later. */
  since?: string | null | undefined;
  /** At one of these statuses. */
  status?: Array<RequestStatus> | null | undefined;
  /** Taken on before this moment. */
  until?: string | null | undefined;
};

/** Who made a request. */
export type RequestOrigin =
  /** Another tool: the gateway knows it by its callbacks alone, so its operation and number of devices are unknown. */
  | 'EXTERNAL'
  /** A mutation of this gateway. */
  | 'GATEWAY';

/** How a request stands as a whole. SUCCEEDED, PARTIALLY_FAILED, FAILED, REJECTED, EXPIRED and CANCELLED are terminal. */
export type RequestStatus =
  /** Cancelled before it was sent. */
  | 'CANCELLED'
  /** No device reported within the time the carrier documents. */
  | 'EXPIRED'
  /** No device succeeded. */
  | 'FAILED'
  /** The carrier took it on; devices report one by one, usually within minutes, sometimes only after hours (up to 12). */
  | 'IN_PROGRESS'
  /** Some devices succeeded, others did not. */
  | 'PARTIALLY_FAILED'
  /** Taken on and stored; nothing has been sent to the carrier yet. It is sent as soon as there is a connection and room under the carrier’s rate limit. */
  | 'QUEUED'
  /** The carrier refused the request as a whole; see `error`. */
  | 'REJECTED'
  /** On its way to the carrier, which has not answered for every part yet. */
  | 'SUBMITTING'
  /** Every device succeeded. */
  | 'SUCCEEDED'
  /** It left for the carrier and no answer came, so nobody knows whether it was taken on. It is never sent a second time; what can be learnt from the carrier resolves it. */
  | 'UNKNOWN';

/** One eSIM profile. */
export type ResumeProfileDeviceInput = {
  /** The ICCID of the profile, and nothing else. */
  deviceIds: Array<DeviceIdentifierInput>;
};

/** Which suspended eSIM profiles to resume. */
export type ResumeProfileInput = {
  /** The billing account, usually 10 digits, a dash and 5 digits: `0868924207-00001`. Leading zeros must be included. The carrier itself asks for it only where a user has several billing accounts; here it is always required, so that a further account breaks nothing. */
  accountName: string;
  /** Your own name for the request, 1–255 characters; `requests(filter: {clientReference})` finds it. */
  clientReference?: string | null | undefined;
  /** 1 to 10,000 profiles, Verizon US and Global. */
  devices: Array<ResumeProfileDeviceInput>;
  /** Makes a repeat harmless: the same key with the same input gives the same request, and the carrier hears of it once. 1–255 characters, unique to you within the account. Use a new UUID for each action of a user. */
  idempotencyKey?: string | null | undefined;
  /** The Verizon service plan for a profile on the Verizon network, the Global service plan for a Global one. */
  servicePlan?: string | null | undefined;
  /** Check everything and send nothing: the result is InputAccepted or InvalidInput. */
  validateOnly?: boolean | null | undefined;
};

export type ActivateDevicesMutationVariables = Exact<{
  input: ActivateDevicesInput;
}>;


export type ActivateDevicesMutation = { activateDevices:
    | { __typename: 'ActivateDevicesAccepted', request: { id: string, operation: Operation | null, accountName: string, origin: RequestOrigin, status: RequestStatus, deviceCount: number | null, clientReference: string | null, createdBy: string, createdAt: string, updatedAt: string, completedAt: string | null, cursor: string, progress: { total: number, settled: number, pending: number, overdue: number, succeeded: number, failed: number, expired: number, cancelled: number, rejected: number, unknown: number, unmatchedCallbacks: number }, carrierRequests: Array<{ carrierRequestId: string | null, state: CarrierRequestState, callbackService: string, deviceCount: number | null, firstIndex: number, attempts: number, sentAt: string | null, answeredAt: string | null, error: { code: string, message: string, httpStatus: number | null } | null }>, error: { code: string, message: string, httpStatus: number | null } | null } }
    | { __typename: 'CarrierRefused', carrierErrorCode: string | null, httpStatus: number | null, message: string, code: string, request: { id: string, status: RequestStatus } }
    | { __typename: 'CarrierUnavailable', message: string, code: string }
    | { __typename: 'IdempotencyKeyReused', requestId: string, message: string, code: string }
    | { __typename: 'InputAccepted', deviceCount: number | null, carrierRequestCount: number }
    | { __typename: 'InvalidInput', totalFaults: number, message: string, code: string, faults: Array<{ path: Array<string>, code: string, message: string }> }
    | { __typename: 'RateLimited', retryAfterMs: number, message: string, code: string }
   };

export type ProgressCountsFragment = { total: number, settled: number, pending: number, overdue: number, succeeded: number, failed: number, expired: number, cancelled: number, rejected: number, unknown: number, unmatchedCallbacks: number };

export type RequestSummaryFragment = { id: string, operation: Operation | null, accountName: string, origin: RequestOrigin, status: RequestStatus, deviceCount: number | null, clientReference: string | null, createdBy: string, createdAt: string, updatedAt: string, completedAt: string | null, cursor: string, progress: { total: number, settled: number, pending: number, overdue: number, succeeded: number, failed: number, expired: number, cancelled: number, rejected: number, unknown: number, unmatchedCallbacks: number }, carrierRequests: Array<{ carrierRequestId: string | null, state: CarrierRequestState, callbackService: string, deviceCount: number | null, firstIndex: number, attempts: number, sentAt: string | null, answeredAt: string | null, error: { code: string, message: string, httpStatus: number | null } | null }>, error: { code: string, message: string, httpStatus: number | null } | null };

export type OutcomeDetailsFragment = { id: string, index: number, status: OutcomeStatus, source: OutcomeSource | null, contradicted: boolean, carrierStatus: string | null, state: string | null, stateName: string | null, serviceName: string | null, servicePlan: string | null, ipAddress: string | null, featureCodes: Array<string>, activationCode: string | null, profileStatus: string | null, profileRole: string | null, comment: string | null, receivedAt: string | null, callbackCount: number | null, maxCallbackThreshold: number | null, requested: Array<{ kind: DeviceIdentifierKind | null, id: string }> | null, deviceIds: Array<{ kind: DeviceIdentifierKind | null, id: string, reportedKind: string }>, fault: { code: string, message: string, advice: string | null } | null, deviceCredential: { username: string | null, password: string | null } | null, nidd: { configured: boolean, status: string | null, reason: string | null, accountName: string | null, receivedAt: string, callbackCount: number | null, maxCallbackThreshold: number | null, deviceIds: Array<{ kind: DeviceIdentifierKind | null, id: string }> } | null };

type MutationFailure_CarrierRefused_Fragment = { carrierErrorCode: string | null, httpStatus: number | null, message: string, code: string, request: { id: string, status: RequestStatus } };

type MutationFailure_CarrierUnavailable_Fragment = { message: string, code: string };

type MutationFailure_IdempotencyKeyReused_Fragment = { requestId: string, message: string, code: string };

type MutationFailure_InvalidInput_Fragment = { totalFaults: number, message: string, code: string, faults: Array<{ path: Array<string>, code: string, message: string }> };

type MutationFailure_RateLimited_Fragment = { retryAfterMs: number, message: string, code: string };

export type MutationFailureFragment =
  | MutationFailure_CarrierRefused_Fragment
  | MutationFailure_CarrierUnavailable_Fragment
  | MutationFailure_IdempotencyKeyReused_Fragment
  | MutationFailure_InvalidInput_Fragment
  | MutationFailure_RateLimited_Fragment
;

export type RenewActivationCodeMutationVariables = Exact<{
  input: RenewActivationCodeInput;
}>;


export type RenewActivationCodeMutation = { renewActivationCode:
    | { __typename: 'CarrierRefused', carrierErrorCode: string | null, httpStatus: number | null, message: string, code: string, request: { id: string, status: RequestStatus } }
    | { __typename: 'CarrierUnavailable', message: string, code: string }
    | { __typename: 'IdempotencyKeyReused', requestId: string, message: string, code: string }
    | { __typename: 'InputAccepted', deviceCount: number | null, carrierRequestCount: number }
    | { __typename: 'InvalidInput', totalFaults: number, message: string, code: string, faults: Array<{ path: Array<string>, code: string, message: string }> }
    | { __typename: 'RateLimited', retryAfterMs: number, message: string, code: string }
    | { __typename: 'RenewActivationCodeAccepted', request: { id: string, operation: Operation | null, accountName: string, origin: RequestOrigin, status: RequestStatus, deviceCount: number | null, clientReference: string | null, createdBy: string, createdAt: string, updatedAt: string, completedAt: string | null, cursor: string, progress: { total: number, settled: number, pending: number, overdue: number, succeeded: number, failed: number, expired: number, cancelled: number, rejected: number, unknown: number, unmatchedCallbacks: number }, carrierRequests: Array<{ carrierRequestId: string | null, state: CarrierRequestState, callbackService: string, deviceCount: number | null, firstIndex: number, attempts: number, sentAt: string | null, answeredAt: string | null, error: { code: string, message: string, httpStatus: number | null } | null }>, error: { code: string, message: string, httpStatus: number | null } | null } }
   };

export type RequestStatusSubscriptionVariables = Exact<{
  requestId: string | number;
  after?: string | null | undefined;
  batchSize?: number;
}>;


export type RequestStatusSubscription = { requestStatus: { cursor: string, status: RequestStatus, progress: { total: number, settled: number, pending: number, overdue: number, succeeded: number, failed: number, expired: number, cancelled: number, rejected: number, unknown: number, unmatchedCallbacks: number }, outcomes: Array<{ id: string, index: number, status: OutcomeStatus, source: OutcomeSource | null, contradicted: boolean, carrierStatus: string | null, state: string | null, stateName: string | null, serviceName: string | null, servicePlan: string | null, ipAddress: string | null, featureCodes: Array<string>, activationCode: string | null, profileStatus: string | null, profileRole: string | null, comment: string | null, receivedAt: string | null, callbackCount: number | null, maxCallbackThreshold: number | null, requested: Array<{ kind: DeviceIdentifierKind | null, id: string }> | null, deviceIds: Array<{ kind: DeviceIdentifierKind | null, id: string, reportedKind: string }>, fault: { code: string, message: string, advice: string | null } | null, deviceCredential: { username: string | null, password: string | null } | null, nidd: { configured: boolean, status: string | null, reason: string | null, accountName: string | null, receivedAt: string, callbackCount: number | null, maxCallbackThreshold: number | null, deviceIds: Array<{ kind: DeviceIdentifierKind | null, id: string }> } | null }> } };

export type RequestQueryVariables = Exact<{
  id: string | number;
  status?: Array<OutcomeStatus> | OutcomeStatus | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RequestQuery = { request: { id: string, operation: Operation | null, accountName: string, origin: RequestOrigin, status: RequestStatus, deviceCount: number | null, clientReference: string | null, createdBy: string, createdAt: string, updatedAt: string, completedAt: string | null, cursor: string, outcomes: { nodes: Array<{ id: string, index: number, status: OutcomeStatus, source: OutcomeSource | null, contradicted: boolean, carrierStatus: string | null, state: string | null, stateName: string | null, serviceName: string | null, servicePlan: string | null, ipAddress: string | null, featureCodes: Array<string>, activationCode: string | null, profileStatus: string | null, profileRole: string | null, comment: string | null, receivedAt: string | null, callbackCount: number | null, maxCallbackThreshold: number | null, requested: Array<{ kind: DeviceIdentifierKind | null, id: string }> | null, deviceIds: Array<{ kind: DeviceIdentifierKind | null, id: string, reportedKind: string }>, fault: { code: string, message: string, advice: string | null } | null, deviceCredential: { username: string | null, password: string | null } | null, nidd: { configured: boolean, status: string | null, reason: string | null, accountName: string | null, receivedAt: string, callbackCount: number | null, maxCallbackThreshold: number | null, deviceIds: Array<{ kind: DeviceIdentifierKind | null, id: string }> } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, progress: { total: number, settled: number, pending: number, overdue: number, succeeded: number, failed: number, expired: number, cancelled: number, rejected: number, unknown: number, unmatchedCallbacks: number }, carrierRequests: Array<{ carrierRequestId: string | null, state: CarrierRequestState, callbackService: string, deviceCount: number | null, firstIndex: number, attempts: number, sentAt: string | null, answeredAt: string | null, error: { code: string, message: string, httpStatus: number | null } | null }>, error: { code: string, message: string, httpStatus: number | null } | null } | null };

export type RequestsQueryVariables = Exact<{
  accountName?: string | null | undefined;
  filter?: RequestFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RequestsQuery = { requests: { nodes: Array<{ id: string, operation: Operation | null, accountName: string, origin: RequestOrigin, status: RequestStatus, deviceCount: number | null, clientReference: string | null, createdBy: string, createdAt: string, updatedAt: string, completedAt: string | null, cursor: string, progress: { total: number, settled: number, pending: number, overdue: number, succeeded: number, failed: number, expired: number, cancelled: number, rejected: number, unknown: number, unmatchedCallbacks: number }, carrierRequests: Array<{ carrierRequestId: string | null, state: CarrierRequestState, callbackService: string, deviceCount: number | null, firstIndex: number, attempts: number, sentAt: string | null, answeredAt: string | null, error: { code: string, message: string, httpStatus: number | null } | null }>, error: { code: string, message: string, httpStatus: number | null } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ResumeProfileMutationVariables = Exact<{
  input: ResumeProfileInput;
}>;


export type ResumeProfileMutation = { resumeProfile:
    | { __typename: 'CarrierRefused', carrierErrorCode: string | null, httpStatus: number | null, message: string, code: string, request: { id: string, status: RequestStatus } }
    | { __typename: 'CarrierUnavailable', message: string, code: string }
    | { __typename: 'IdempotencyKeyReused', requestId: string, message: string, code: string }
    | { __typename: 'InputAccepted', deviceCount: number | null, carrierRequestCount: number }
    | { __typename: 'InvalidInput', totalFaults: number, message: string, code: string, faults: Array<{ path: Array<string>, code: string, message: string }> }
    | { __typename: 'RateLimited', retryAfterMs: number, message: string, code: string }
    | { __typename: 'ResumeProfileAccepted', request: { id: string, operation: Operation | null, accountName: string, origin: RequestOrigin, status: RequestStatus, deviceCount: number | null, clientReference: string | null, createdBy: string, createdAt: string, updatedAt: string, completedAt: string | null, cursor: string, progress: { total: number, settled: number, pending: number, overdue: number, succeeded: number, failed: number, expired: number, cancelled: number, rejected: number, unknown: number, unmatchedCallbacks: number }, carrierRequests: Array<{ carrierRequestId: string | null, state: CarrierRequestState, callbackService: string, deviceCount: number | null, firstIndex: number, attempts: number, sentAt: string | null, answeredAt: string | null, error: { code: string, message: string, httpStatus: number | null } | null }>, error: { code: string, message: string, httpStatus: number | null } | null } }
   };

export type UnclaimedCallbacksQueryVariables = Exact<{
  accountName?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type UnclaimedCallbacksQuery = { unclaimedCallbacks: { nodes: Array<{ id: string, accountName: string, callbackService: string, carrierRequestId: string | null, carrierStatus: string | null, faultCode: string | null, comment: string | null, payload: string | null, receivedAt: string, callbackCount: number | null, deviceIds: Array<{ kind: DeviceIdentifierKind | null, id: string, reportedKind: string }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export const ProgressCountsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressCounts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Progress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"settled"}},{"kind":"Field","name":{"kind":"Name","value":"pending"}},{"kind":"Field","name":{"kind":"Name","value":"overdue"}},{"kind":"Field","name":{"kind":"Name","value":"succeeded"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"expired"}},{"kind":"Field","name":{"kind":"Name","value":"cancelled"}},{"kind":"Field","name":{"kind":"Name","value":"rejected"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"unmatchedCallbacks"}}]}}]} as unknown as DocumentNode<ProgressCountsFragment, unknown>;
export const RequestSummaryFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RequestSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Request"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"operation"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressCounts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequests"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierRequestId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"callbackService"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"firstIndex"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"sentAt"}},{"kind":"Field","name":{"kind":"Name","value":"answeredAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}},{"kind":"Field","name":{"kind":"Name","value":"clientReference"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"completedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressCounts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Progress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"settled"}},{"kind":"Field","name":{"kind":"Name","value":"pending"}},{"kind":"Field","name":{"kind":"Name","value":"overdue"}},{"kind":"Field","name":{"kind":"Name","value":"succeeded"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"expired"}},{"kind":"Field","name":{"kind":"Name","value":"cancelled"}},{"kind":"Field","name":{"kind":"Name","value":"rejected"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"unmatchedCallbacks"}}]}}]} as unknown as DocumentNode<RequestSummaryFragment, unknown>;
export const OutcomeDetailsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"OutcomeDetails"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DeviceOutcome"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"index"}},{"kind":"Field","name":{"kind":"Name","value":"requested"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"deviceIds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reportedKind"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"contradicted"}},{"kind":"Field","name":{"kind":"Name","value":"carrierStatus"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"advice"}}]}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stateName"}},{"kind":"Field","name":{"kind":"Name","value":"serviceName"}},{"kind":"Field","name":{"kind":"Name","value":"servicePlan"}},{"kind":"Field","name":{"kind":"Name","value":"ipAddress"}},{"kind":"Field","name":{"kind":"Name","value":"featureCodes"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCredential"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"username"}},{"kind":"Field","name":{"kind":"Name","value":"password"}}]}},{"kind":"Field","name":{"kind":"Name","value":"activationCode"}},{"kind":"Field","name":{"kind":"Name","value":"profileStatus"}},{"kind":"Field","name":{"kind":"Name","value":"profileRole"}},{"kind":"Field","name":{"kind":"Name","value":"nidd"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"configured"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"receivedAt"}},{"kind":"Field","name":{"kind":"Name","value":"callbackCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxCallbackThreshold"}},{"kind":"Field","name":{"kind":"Name","value":"deviceIds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"comment"}},{"kind":"Field","name":{"kind":"Name","value":"receivedAt"}},{"kind":"Field","name":{"kind":"Name","value":"callbackCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxCallbackThreshold"}}]}}]} as unknown as DocumentNode<OutcomeDetailsFragment, unknown>;
export const MutationFailureFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MutationFailure"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MutationError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidInput"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalFaults"}},{"kind":"Field","name":{"kind":"Name","value":"faults"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CarrierRefused"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierErrorCode"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}},{"kind":"Field","name":{"kind":"Name","value":"request"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RateLimited"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterMs"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"IdempotencyKeyReused"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requestId"}}]}}]}}]} as unknown as DocumentNode<MutationFailureFragment, unknown>;
export const ActivateDevicesDocument = {"__meta__":{"hash":"sha256:de961e5779de4fc34cbc12c07d0e2c7806b7d3be23ce599ea6e242aead9628af"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ActivateDevices"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ActivateDevicesInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"activateDevices"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ActivateDevicesAccepted"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"request"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RequestSummary"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputAccepted"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequestCount"}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"MutationFailure"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressCounts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Progress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"settled"}},{"kind":"Field","name":{"kind":"Name","value":"pending"}},{"kind":"Field","name":{"kind":"Name","value":"overdue"}},{"kind":"Field","name":{"kind":"Name","value":"succeeded"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"expired"}},{"kind":"Field","name":{"kind":"Name","value":"cancelled"}},{"kind":"Field","name":{"kind":"Name","value":"rejected"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"unmatchedCallbacks"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RequestSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Request"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"operation"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressCounts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequests"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierRequestId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"callbackService"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"firstIndex"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"sentAt"}},{"kind":"Field","name":{"kind":"Name","value":"answeredAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}},{"kind":"Field","name":{"kind":"Name","value":"clientReference"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"completedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MutationFailure"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MutationError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidInput"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalFaults"}},{"kind":"Field","name":{"kind":"Name","value":"faults"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CarrierRefused"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierErrorCode"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}},{"kind":"Field","name":{"kind":"Name","value":"request"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RateLimited"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterMs"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"IdempotencyKeyReused"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requestId"}}]}}]}}]} as unknown as DocumentNode<ActivateDevicesMutation, ActivateDevicesMutationVariables>;
export const RenewActivationCodeDocument = {"__meta__":{"hash":"sha256:df867ee99eef154f381e075d74cb2390ed55fb3c3491cc407d61287d9c67f5b9"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RenewActivationCode"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RenewActivationCodeInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"renewActivationCode"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RenewActivationCodeAccepted"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"request"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RequestSummary"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputAccepted"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequestCount"}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"MutationFailure"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressCounts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Progress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"settled"}},{"kind":"Field","name":{"kind":"Name","value":"pending"}},{"kind":"Field","name":{"kind":"Name","value":"overdue"}},{"kind":"Field","name":{"kind":"Name","value":"succeeded"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"expired"}},{"kind":"Field","name":{"kind":"Name","value":"cancelled"}},{"kind":"Field","name":{"kind":"Name","value":"rejected"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"unmatchedCallbacks"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RequestSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Request"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"operation"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressCounts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequests"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierRequestId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"callbackService"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"firstIndex"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"sentAt"}},{"kind":"Field","name":{"kind":"Name","value":"answeredAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}},{"kind":"Field","name":{"kind":"Name","value":"clientReference"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"completedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MutationFailure"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MutationError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidInput"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalFaults"}},{"kind":"Field","name":{"kind":"Name","value":"faults"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CarrierRefused"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierErrorCode"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}},{"kind":"Field","name":{"kind":"Name","value":"request"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RateLimited"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterMs"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"IdempotencyKeyReused"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requestId"}}]}}]}}]} as unknown as DocumentNode<RenewActivationCodeMutation, RenewActivationCodeMutationVariables>;
export const RequestStatusDocument = {"__meta__":{"hash":"sha256:b7f181d4ecb68dd3fbd3aac4e8689216b36053b809a6b5f43f90afc3c062dc17"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"RequestStatus"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"requestId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Cursor"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"batchSize"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},"defaultValue":{"kind":"IntValue","value":"100"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requestStatus"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"requestId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"requestId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"batchSize"},"value":{"kind":"Variable","name":{"kind":"Name","value":"batchSize"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressCounts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"outcomes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"OutcomeDetails"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressCounts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Progress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"settled"}},{"kind":"Field","name":{"kind":"Name","value":"pending"}},{"kind":"Field","name":{"kind":"Name","value":"overdue"}},{"kind":"Field","name":{"kind":"Name","value":"succeeded"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"expired"}},{"kind":"Field","name":{"kind":"Name","value":"cancelled"}},{"kind":"Field","name":{"kind":"Name","value":"rejected"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"unmatchedCallbacks"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"OutcomeDetails"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DeviceOutcome"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"index"}},{"kind":"Field","name":{"kind":"Name","value":"requested"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"deviceIds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reportedKind"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"contradicted"}},{"kind":"Field","name":{"kind":"Name","value":"carrierStatus"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"advice"}}]}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stateName"}},{"kind":"Field","name":{"kind":"Name","value":"serviceName"}},{"kind":"Field","name":{"kind":"Name","value":"servicePlan"}},{"kind":"Field","name":{"kind":"Name","value":"ipAddress"}},{"kind":"Field","name":{"kind":"Name","value":"featureCodes"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCredential"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"username"}},{"kind":"Field","name":{"kind":"Name","value":"password"}}]}},{"kind":"Field","name":{"kind":"Name","value":"activationCode"}},{"kind":"Field","name":{"kind":"Name","value":"profileStatus"}},{"kind":"Field","name":{"kind":"Name","value":"profileRole"}},{"kind":"Field","name":{"kind":"Name","value":"nidd"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"configured"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"receivedAt"}},{"kind":"Field","name":{"kind":"Name","value":"callbackCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxCallbackThreshold"}},{"kind":"Field","name":{"kind":"Name","value":"deviceIds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"comment"}},{"kind":"Field","name":{"kind":"Name","value":"receivedAt"}},{"kind":"Field","name":{"kind":"Name","value":"callbackCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxCallbackThreshold"}}]}}]} as unknown as DocumentNode<RequestStatusSubscription, RequestStatusSubscriptionVariables>;
export const RequestDocument = {"__meta__":{"hash":"sha256:b459d151e00c68846d6f60421689c7a6323f0ff5820a948df8a001a08df3b997"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Request"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"status"}},"type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"OutcomeStatus"}}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"request"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RequestSummary"}},{"kind":"Field","name":{"kind":"Name","value":"outcomes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"status"},"value":{"kind":"Variable","name":{"kind":"Name","value":"status"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"OutcomeDetails"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressCounts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Progress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"settled"}},{"kind":"Field","name":{"kind":"Name","value":"pending"}},{"kind":"Field","name":{"kind":"Name","value":"overdue"}},{"kind":"Field","name":{"kind":"Name","value":"succeeded"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"expired"}},{"kind":"Field","name":{"kind":"Name","value":"cancelled"}},{"kind":"Field","name":{"kind":"Name","value":"rejected"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"unmatchedCallbacks"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RequestSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Request"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"operation"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressCounts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequests"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierRequestId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"callbackService"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"firstIndex"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"sentAt"}},{"kind":"Field","name":{"kind":"Name","value":"answeredAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}},{"kind":"Field","name":{"kind":"Name","value":"clientReference"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"completedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"OutcomeDetails"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DeviceOutcome"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"index"}},{"kind":"Field","name":{"kind":"Name","value":"requested"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"deviceIds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reportedKind"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"contradicted"}},{"kind":"Field","name":{"kind":"Name","value":"carrierStatus"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"advice"}}]}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stateName"}},{"kind":"Field","name":{"kind":"Name","value":"serviceName"}},{"kind":"Field","name":{"kind":"Name","value":"servicePlan"}},{"kind":"Field","name":{"kind":"Name","value":"ipAddress"}},{"kind":"Field","name":{"kind":"Name","value":"featureCodes"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCredential"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"username"}},{"kind":"Field","name":{"kind":"Name","value":"password"}}]}},{"kind":"Field","name":{"kind":"Name","value":"activationCode"}},{"kind":"Field","name":{"kind":"Name","value":"profileStatus"}},{"kind":"Field","name":{"kind":"Name","value":"profileRole"}},{"kind":"Field","name":{"kind":"Name","value":"nidd"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"configured"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"receivedAt"}},{"kind":"Field","name":{"kind":"Name","value":"callbackCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxCallbackThreshold"}},{"kind":"Field","name":{"kind":"Name","value":"deviceIds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"comment"}},{"kind":"Field","name":{"kind":"Name","value":"receivedAt"}},{"kind":"Field","name":{"kind":"Name","value":"callbackCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxCallbackThreshold"}}]}}]} as unknown as DocumentNode<RequestQuery, RequestQueryVariables>;
export const RequestsDocument = {"__meta__":{"hash":"sha256:623490e91f9bbaa34b11bda6757c1ea3249e9804ae6379edd625ad9d2576d17d"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Requests"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"accountName"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"RequestFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"accountName"},"value":{"kind":"Variable","name":{"kind":"Name","value":"accountName"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RequestSummary"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressCounts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Progress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"settled"}},{"kind":"Field","name":{"kind":"Name","value":"pending"}},{"kind":"Field","name":{"kind":"Name","value":"overdue"}},{"kind":"Field","name":{"kind":"Name","value":"succeeded"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"expired"}},{"kind":"Field","name":{"kind":"Name","value":"cancelled"}},{"kind":"Field","name":{"kind":"Name","value":"rejected"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"unmatchedCallbacks"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RequestSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Request"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"operation"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressCounts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequests"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierRequestId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"callbackService"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"firstIndex"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"sentAt"}},{"kind":"Field","name":{"kind":"Name","value":"answeredAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}},{"kind":"Field","name":{"kind":"Name","value":"clientReference"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"completedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}}]}}]} as unknown as DocumentNode<RequestsQuery, RequestsQueryVariables>;
export const ResumeProfileDocument = {"__meta__":{"hash":"sha256:dbe7fd4b559afd03a77d39e95c6925ddef68c96863949a3e34559737371a8275"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ResumeProfile"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ResumeProfileInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"resumeProfile"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ResumeProfileAccepted"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"request"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RequestSummary"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputAccepted"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequestCount"}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"MutationFailure"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressCounts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Progress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"settled"}},{"kind":"Field","name":{"kind":"Name","value":"pending"}},{"kind":"Field","name":{"kind":"Name","value":"overdue"}},{"kind":"Field","name":{"kind":"Name","value":"succeeded"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"expired"}},{"kind":"Field","name":{"kind":"Name","value":"cancelled"}},{"kind":"Field","name":{"kind":"Name","value":"rejected"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"unmatchedCallbacks"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RequestSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Request"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"operation"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressCounts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequests"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierRequestId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"callbackService"}},{"kind":"Field","name":{"kind":"Name","value":"deviceCount"}},{"kind":"Field","name":{"kind":"Name","value":"firstIndex"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"sentAt"}},{"kind":"Field","name":{"kind":"Name","value":"answeredAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}}]}},{"kind":"Field","name":{"kind":"Name","value":"clientReference"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"completedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MutationFailure"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MutationError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidInput"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalFaults"}},{"kind":"Field","name":{"kind":"Name","value":"faults"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CarrierRefused"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"carrierErrorCode"}},{"kind":"Field","name":{"kind":"Name","value":"httpStatus"}},{"kind":"Field","name":{"kind":"Name","value":"request"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RateLimited"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterMs"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"IdempotencyKeyReused"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requestId"}}]}}]}}]} as unknown as DocumentNode<ResumeProfileMutation, ResumeProfileMutationVariables>;
export const UnclaimedCallbacksDocument = {"__meta__":{"hash":"sha256:eb3404f9df05ac5b7bac2ad049bf75a295da4de2669ddf09e3deb99dcdb0a663"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"UnclaimedCallbacks"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"accountName"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"unclaimedCallbacks"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"accountName"},"value":{"kind":"Variable","name":{"kind":"Name","value":"accountName"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"accountName"}},{"kind":"Field","name":{"kind":"Name","value":"callbackService"}},{"kind":"Field","name":{"kind":"Name","value":"carrierRequestId"}},{"kind":"Field","name":{"kind":"Name","value":"carrierStatus"}},{"kind":"Field","name":{"kind":"Name","value":"faultCode"}},{"kind":"Field","name":{"kind":"Name","value":"comment"}},{"kind":"Field","name":{"kind":"Name","value":"payload"}},{"kind":"Field","name":{"kind":"Name","value":"receivedAt"}},{"kind":"Field","name":{"kind":"Name","value":"callbackCount"}},{"kind":"Field","name":{"kind":"Name","value":"deviceIds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reportedKind"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<UnclaimedCallbacksQuery, UnclaimedCallbacksQueryVariables>;