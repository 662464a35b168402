
      export interface PossibleTypesResultData {
        possibleTypes: {
          [key: string]: string[]
        }
      }
      const result: PossibleTypesResultData = {
  "possibleTypes": {
    "ActivateDevicesResult": [
      "ActivateDevicesAccepted",
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited"
    ],
    "CancelRequestResult": [
      "InvalidInput",
      "RequestCancelled"
    ],
    "ChangeDeviceGroupResult": [
      "DeviceGroupSaved",
      "InvalidInput"
    ],
    "CheckNowResult": [
      "CarrierUnavailable",
      "CheckScheduled",
      "InvalidInput",
      "RateLimited"
    ],
    "CreateDeviceGroupResult": [
      "DeviceGroupSaved",
      "InvalidInput"
    ],
    "DeleteDeviceGroupResult": [
      "DeviceGroupDeleted",
      "InvalidInput"
    ],
    "MutationError": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InvalidInput",
      "RateLimited"
    ],
    "Node": [
      "AuditEntry",
      "DeadLetter",
      "DeviceOutcome",
      "Request",
      "UnclaimedCallback"
    ],
    "RenewActivationCodeResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "RenewActivationCodeAccepted"
    ],
    "RequestAccepted": [
      "ActivateDevicesAccepted",
      "RenewActivationCodeAccepted",
      "RestoreDevicesAccepted",
      "ResumeProfileAccepted",
      "RetryFailedDevicesAccepted",
      "SuspendDevicesAccepted"
    ],
    "ResolveUnknownRequestResult": [
      "InvalidInput",
      "UnknownRequestResolved"
    ],
    "RestoreDevicesResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "RestoreDevicesAccepted"
    ],
    "ResumeProfileResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "ResumeProfileAccepted"
    ],
    "RetryFailedDevicesResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "RetryFailedDevicesAccepted"
    ],
    "SuspendDevicesResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "SuspendDevicesAccepted"
    ]
  }
};
      export default result;
    