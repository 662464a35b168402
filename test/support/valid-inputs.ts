import type { ActivateDevicesInput, RenewActivationCodeInput } from '../../documents/gql/graphql.ts';

export type ActivateInput = ActivateDevicesInput;
export type ProfileInput = RenewActivationCodeInput;

export const IMEI = { kind: 'IMEI', value: '990013907835573' } as const;
export const ICCID = { kind: 'ICCID', value: '89141390780800784259' } as const;
export const EID = { kind: 'EID', value: '89049032000000000000000000000001' } as const;

/** The least an activation needs, in which a test changes one thing. */
export const ACTIVATE: ActivateInput = {
  accountName: '0868924207-00001',
  target: { devices: [{ deviceIds: [IMEI, ICCID] }] },
  servicePlan: 'm2m4G2GB',
  mdnZipCode: '98801',
};

export const RENEW: ProfileInput = { accountName: '0000123456-00001', devices: [{ deviceIds: [EID, ICCID] }] };

export const RESUME: ProfileInput = { accountName: '0000123456-00001', devices: [{ deviceIds: [ICCID] }] };

/** The least a primary place of use needs. */
export const PLACE = {
  customerName: { firstName: 'Zaffod', lastName: 'Beeblebrox' },
  address: { addressLine1: '1600 Pennsylvania Ave NW', city: 'Washington', state: 'DC', zip: '20500', country: 'USA' },
};
