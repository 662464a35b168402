
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
    "MutationError": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InvalidInput",
      "RateLimited"
    ],
    "Node": [
      "DeviceOutcome",
      "Request"
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
    "ResumeProfileResult": [
      "CarrierRefused",
      "CarrierUnavailable",
      "IdempotencyKeyReused",
      "InputAccepted",
      "InvalidInput",
      "RateLimited",
      "ResumeProfileAccepted"
    ]
  }
};
      export default result;
    