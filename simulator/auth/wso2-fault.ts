/** Body of a failure in the API gateway in front of the carrier (WSO2), not in the carrier's own services. */
export interface Wso2Fault {
  readonly status: number;
  readonly body: { readonly fault: { readonly code: string; readonly message: string; readonly description: string } };
}

const fault = (status: number, code: string, message: string, description: string): Wso2Fault => ({
  status,
  body: { fault: { code, message, description } },
});

const access = 'Access failure for API: /m2m/v1, version: v1.';

/** The faults of the page "Synchronous Error Messages". No page of the carrier shows `throttled`: it is WSO2's own. */
export const wso2Faults = {
  noResource: fault(
    400,
    '900906',
    'No matching resource found in the API for the given request',
    `${access} Check the API documentation and add a proper REST resource path to the invocation URL`,
  ),
  invalidBearer: fault(401, '900901', 'Invalid Credentials', `${access} Make sure you have given the correct access token`),
  missingBearer: fault(
    401,
    '900902',
    'Missing Credentials',
    'Required OAuth credentials not provided. Make sure your API invocation call has a header: "Authorization: Bearer ACCESS_TOKEN"',
  ),
  missingBasic: fault(
    401,
    '900902',
    'Missing Credentials',
    'Required OAuth credentials not provided. Make sure your API invocation call has a header: "Authorization: Basic ACCESS_TOKEN"',
  ),
  throttled: fault(429, '900800', 'Message throttled out', 'You have exceeded your quota'),
} as const;
