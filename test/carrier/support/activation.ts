import type { VariablesOf } from '@graphql-typed-document-node/core';
import type { ResultOf } from '@graphql-typed-document-node/core';
import { ActivateDevicesDocument, type ActivateDeviceInput } from '../../../documents/gql/graphql.ts';
import { devices } from '../../support/devices.ts';
import { runDocument } from '../../support/run-document.ts';

export type ActivateInput = VariablesOf<typeof ActivateDevicesDocument>['input'];
export type ActivateResult = ResultOf<typeof ActivateDevicesDocument>['activateDevices'];
export type Accepted = Extract<ActivateResult, { __typename: 'ActivateDevicesAccepted' }>;

type More = Partial<ActivateInput> & { readonly devices?: readonly ActivateDeviceInput[] };

/** Two devices to activate, unless `more` names others, or another target. */
export function activation(accountName: string, { devices: listed = devices(2), ...more }: More = {}): ActivateInput {
  return { accountName, target: { devices: [...listed] }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801', ...more };
}

export async function activate(url: string, input: ActivateInput): Promise<ActivateResult> {
  return (await runDocument(url, ActivateDevicesDocument, { input })).activateDevices;
}

/** The request of an accepted mutation. Throws for every other result. */
export function acceptedRequest(result: ActivateResult): Accepted['request'] {
  if (result.__typename === 'ActivateDevicesAccepted') return result.request;
  throw new Error(`${result.__typename}: ${'message' in result ? result.message : ''}`);
}
