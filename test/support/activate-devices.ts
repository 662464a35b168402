import { devices } from './devices.ts';
import type { Stack } from './stack.ts';

interface Answer {
  readonly activateDevices: {
    readonly request?: { readonly id: string; readonly carrierRequests: readonly { readonly carrierRequestId: string | null }[] };
  };
}

/** Activates devices by their number, or `count` from the `first` on; the request's id and the carrier's own. */
export async function activateDevices(
  stack: Pick<Stack, 'query' | 'account'>,
  count: number | readonly number[],
  { first = 1, servicePlan = 'm2m4G2GB' } = {},
): Promise<{ readonly id: string; readonly carrierRequestId: string }> {
  const chosen = typeof count === 'number' ? devices(count, first) : count.flatMap((number) => devices(1, number));
  const answer = await stack.query<Answer>(
    `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on ActivateDevicesAccepted { request { id carrierRequests { carrierRequestId } } } } }`,
    { input: { accountName: stack.account, devices: chosen, servicePlan, mdnZipCode: '98801' } },
  );
  const request = answer.data?.activateDevices.request;
  const carrierRequestId = request?.carrierRequests[0]?.carrierRequestId;
  if (!request || !carrierRequestId) throw new Error(`not activated: ${JSON.stringify(answer)}`);
  return { id: request.id, carrierRequestId };
}
