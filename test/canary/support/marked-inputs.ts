import { ACCOUNT, canary } from '../canaries.ts';

const device = (id: string) => ({ deviceIds: [{ kind: 'ICCID', value: id }] });

/** Everything an activation may say of a customer. */
export function activation(iccids: readonly string[] = [canary('iccid')]): Record<string, unknown> {
  const [first = '', ...others] = iccids;
  return {
    accountName: ACCOUNT,
    target: {
      devices: [
        {
          deviceIds: [
            { kind: 'IMEI', value: canary('imei') },
            { kind: 'ICCID', value: first },
          ],
        },
        ...others.map(device),
      ],
    },
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
    skuNumber: canary('skuNumber'),
    carrierName: canary('carrierName'),
    carrierIpPoolName: canary('ipPool'),
    costCenterCode: canary('costCenterCode'),
    customFields: [
      { key: 'CustomField1', value: canary('customField1') },
      { key: 'CustomField5', value: canary('customField5') },
    ],
    primaryPlaceOfUse: {
      customerName: {
        title: canary('title'),
        firstName: canary('firstName'),
        middleName: canary('middleName'),
        lastName: canary('lastName'),
        suffix: canary('suffix'),
      },
      address: {
        addressLine1: canary('addressLine1'),
        addressLine2: canary('addressLine2'),
        city: canary('city'),
        state: 'TX',
        zip: '75001',
        country: 'USA',
        phone: canary('phone'),
        emailAddress: canary('emailAddress'),
      },
    },
    clientReference: canary('clientReference'),
    idempotencyKey: canary('idempotencyKey'),
  };
}

/** The least there is, for a device of its own. */
export function slimActivation(iccid: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    accountName: ACCOUNT,
    target: { devices: [device(iccid)] },
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
    skuNumber: 'VZW12',
    ...more,
  };
}

export const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { result: activateDevices(input: $input) {
  __typename
  ... on ActivateDevicesAccepted { request { id carrierRequests { carrierRequestId } } }
  ... on MutationError { code message }
  ... on InvalidInput { faults { path code message } }
  ... on CarrierRefused { carrierErrorCode request { id error { code carrierErrorCode message } } } } }`;

export const RENEW = ACTIVATE.replaceAll('ActivateDevices', 'RenewActivationCode').replaceAll('activateDevices', 'renewActivationCode');
export const RESUME = ACTIVATE.replaceAll('ActivateDevices', 'ResumeProfile').replaceAll('activateDevices', 'resumeProfile');
export const RETRY = ACTIVATE.replaceAll('ActivateDevices', 'RetryFailedDevices').replaceAll('activateDevices', 'retryFailedDevices');

export interface Submitted {
  readonly result: {
    readonly __typename: string;
    readonly request?: { readonly id: string; readonly carrierRequests?: readonly { readonly carrierRequestId: string | null }[] };
  };
}

const OUTCOME = (secrets: boolean) => `index status contradicted carrierStatus fault { code message advice } state stateName serviceName
  servicePlan ipAddress featureCodes profileRole profileStatus comment receivedAt callbackCount requested { kind value }
  deviceIds { kind value reportedKind } nidd { configured status reason accountName deviceIds { value } }
  ${secrets ? 'activationCode deviceCredential { username password }' : ''}`;

const REQUEST = (
  secrets: boolean,
) => `id accountName origin operation status deviceCount createdBy clientReference error { code carrierErrorCode message }
  progress { total settled unmatchedCallbacks } carrierRequests { carrierRequestId state error { code carrierErrorCode message } }
  input { settings { name value } } faultCounts { code message advice } actions { action reason message } timeline { kind at count }
  outcomes(first: 20) { nodes { ${OUTCOME(secrets)} } }`;

/** All of every request, unclaimed callback and dead letter there is, as far as a caller may ask for it. */
export const everything = (may: 'owner' | 'reader') => {
  const all = may === 'owner';
  return `query { requests(first: 50) { nodes { ${REQUEST(all)} } }
    unclaimedCallbacks(first: 50) { nodes { id accountName callbackService carrierRequestId carrierStatus faultCode comment payload deviceIds { value } } }
    ${all ? 'deadLetters(first: 50) { nodes { id accountName callbackService reason contentType byteLength body bodyIsBase64 } } auditLog(first: 50) { nodes { caller action accountName subject outcome } }' : ''} }`;
};

export const followed = (may: 'owner' | 'reader') =>
  `subscription ($id: ID!) { requestStatus(requestId: $id) { cursor status progress { total } outcomes { ${OUTCOME(may === 'owner')} } request { ${REQUEST(may === 'owner')} } } }`;
