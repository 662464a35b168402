/** The documents of these tests: the graph as a front end sees it. */

const VIEW = /* GraphQL */ `
  fragment Outcome on DeviceOutcome {
    index
    status
    source
    contradicted
    carrierStatus
    comment
    requested {
      kind
      value
    }
    deviceIds {
      kind
      value
    }
    fault {
      code
      message
    }
    state
    stateName
    serviceName
    servicePlan
    ipAddress
    featureCodes
    profileStatus
    profileRole
    activationCode
    deviceCredential {
      username
      password
    }
    suspension {
      expectedResumeDate
      maxSuspendDaysAllowed
      numDaysSuspendAllowedCurrent12Months
      numDaysSuspendedLast12Months
    }
    nidd {
      configured
      status
      reason
      accountName
    }
    callbackCount
    maxCallbackThreshold
  }
  fragment View on Request {
    id
    operation
    accountName
    origin
    status
    deviceCount
    deviceCountIsEstimate
    error {
      code
      message
      httpStatus
    }
    carrierRequests {
      carrierRequestId
      state
      callbackService
      deviceCount
      firstIndex
      attempts
      error {
        code
        message
        httpStatus
      }
    }
    progress {
      total
      settled
      pending
      overdue
      succeeded
      failed
      expired
      rejected
      unknown
      unmatchedCallbacks
    }
    outcomes(first: 300) {
      nodes {
        ...Outcome
      }
    }
  }
`;

export const REQUEST = /* GraphQL */ `
  query ($id: ID!) {
    request(id: $id) {
      ...View
    }
  }
  ${VIEW}
`;

export const REQUESTS = /* GraphQL */ `
  query ($accountName: String, $filter: RequestFilter) {
    requests(accountName: $accountName, filter: $filter, first: 20) {
      nodes {
        ...View
      }
    }
  }
  ${VIEW}
`;

export const FOLLOW = /* GraphQL */ `
  subscription ($requestId: ID!) {
    requestStatus(requestId: $requestId) {
      cursor
      status
      request {
        ...View
      }
    }
  }
  ${VIEW}
`;

export const UNCLAIMED = /* GraphQL */ `
  {
    unclaimedCallbacks(first: 200) {
      nodes {
        callbackService
        carrierRequestId
        carrierStatus
        comment
        faultCode
        payload
        deviceIds {
          kind
          value
        }
      }
    }
  }
`;

export const DEAD_LETTERS = /* GraphQL */ `
  {
    deadLetters(first: 200) {
      nodes {
        reason
        body
        callbackService
      }
    }
  }
`;

/** A mutation whose field, input and success are named alike: `activateDevices`, `ActivateDevicesInput`, `ActivateDevicesAccepted`. */
export function mutationOf(field: string): string {
  const type = field.charAt(0).toUpperCase() + field.slice(1);
  return /* GraphQL */ `
    mutation ($input: ${type}Input!) {
      result: ${field}(input: $input) {
        __typename
        ... on ${type}Accepted { request { ...View } }
        ... on CarrierRefused { carrierErrorCode httpStatus request { ...View } }
        ... on MutationError { code message }
        ... on InvalidInput { faults { path code message } }
      }
    }
    ${VIEW}
  `;
}
