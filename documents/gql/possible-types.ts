
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
    "ChangeServicePlanResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "ChangeServicePlanAccepted",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited"
    ],
    "CheckNowResult": [
      "CarrierUnavailable",
      "CheckScheduled",
      "InvalidInput",
      "RateLimited"
    ],
    "DeactivateDevicesResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "DeactivateDevicesAccepted",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited"
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
      "ChangeServicePlanAccepted",
      "DeactivateDevicesAccepted",
      "RenewActivationCodeAccepted",
      "RestoreDevicesAccepted",
      "ResumeProfileAccepted",
      "RetryFailedDevicesAccepted",
      "SuspendDevicesAccepted",
      "UpdateCostCenterAccepted",
      "UpdateCustomFieldsAccepted"
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
    ],
    "UpdateCostCenterResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "UpdateCostCenterAccepted"
    ],
    "UpdateCustomFieldsResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "UpdateCustomFieldsAccepted"
    ]
  }
};
      export default result;
    