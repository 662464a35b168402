
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
    "ActivateProfileResult": [
      "ActivateProfileAccepted",
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited"
    ],
    "AddDevicesResult": [
      "AddDevicesAccepted",
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
    "CreateDeviceGroupResult": [
      "DeviceGroupSaved",
      "InvalidInput"
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
    "DeactivateProfileResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "DeactivateProfileAccepted",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited"
    ],
    "DeleteDeviceGroupResult": [
      "DeviceGroupDeleted",
      "InvalidInput"
    ],
    "DeleteDevicesResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "DeleteDevicesAccepted",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited"
    ],
    "DeleteProfileResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "DeleteProfileAccepted",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited"
    ],
    "DownloadProfileResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "DownloadProfileAccepted",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited"
    ],
    "EnableProfileResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "EnableProfileAccepted",
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
      "ActivateProfileAccepted",
      "AddDevicesAccepted",
      "ChangeServicePlanAccepted",
      "DeactivateDevicesAccepted",
      "DeactivateProfileAccepted",
      "DeleteDevicesAccepted",
      "DeleteProfileAccepted",
      "DownloadProfileAccepted",
      "EnableProfileAccepted",
      "RenewActivationCodeAccepted",
      "RestoreDevicesAccepted",
      "ResumeESimDeviceAccepted",
      "ResumeProfileAccepted",
      "RetryFailedDevicesAccepted",
      "SetFallbackProfileAccepted",
      "SuspendDevicesAccepted",
      "SuspendESimDeviceAccepted",
      "SuspendProfileAccepted",
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
    "ResumeESimDeviceResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "ResumeESimDeviceAccepted"
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
    "SetFallbackProfileResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "SetFallbackProfileAccepted"
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
    "SuspendESimDeviceResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "SuspendESimDeviceAccepted"
    ],
    "SuspendProfileResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "SuspendProfileAccepted"
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
    