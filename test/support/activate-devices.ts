import { devices } from './devices.ts';
import type { Stack } from './stack.ts';

interface Answer {
  readonly activateDevices: {
    readonly request?: { readonly id: string; readonly carrierRequests: readonly { readonly carrierRequestId: string | null }[] };
  };
}

/** Activates `count` devices from the `first` on; the request's id and the carrier's own. */
export async function activateDevices(
  stack: Pick<Stack, 'query' | 'account'>,
  count: number,
  { first = 1, servicePlan = 'm2m4G2GB' } = {},
): Promise<{ readonly id: string; readonly carrierRequestId: string }> {
  const answer = await stack.query<Answer>(
    `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on ActivateDevicesAccepted { request { id carrierRequests { carrierRequestId } } } } }`,
    { input: { accountName: stack.account, devices: devices(count, first), servicePlan, mdnZipCode: '98801' } },
  );
  const request = answer.data?.activateDevices.request;
  const carrierRequestId = request?.carrierRequests[0]?.carrierRequestId;
  if (!request || !carrierRequestId) throw new Error(`not activated: ${JSON.stringify(answer)}`);
  return { id: request.id, carrierRequestId };
}
