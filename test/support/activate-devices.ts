import { devices } from './devices.ts';
import { mutate } from './mutations.ts';
import type { Stack } from './stack.ts';

interface ActivateOptions {
  readonly first?: number;
  readonly servicePlan?: string;
  readonly clientReference?: string;
}

/** Activates devices by their number, or `count` from the `first` on. Gives back the request's id and the carrier's own. */
export async function activateDevices(
  stack: Pick<Stack, 'query' | 'account'>,
  count: number | readonly number[],
  { first = 1, servicePlan = 'm2m4G2GB', clientReference }: ActivateOptions = {},
): Promise<{ readonly id: string; readonly carrierRequestId: string }> {
  const chosen = typeof count === 'number' ? devices(count, first) : count.flatMap((number) => devices(1, number));
  const input = {
    accountName: stack.account,
    target: { devices: chosen },
    servicePlan,
    mdnZipCode: '98801',
    ...(clientReference !== undefined && { clientReference }),
  };
  const result = await mutate(stack, 'ActivateDevices', input);
  const carrierRequestId = result.request?.carrierRequests[0]?.carrierRequestId;
  if (!result.request || !carrierRequestId) throw new Error(`not activated: ${JSON.stringify(result)}`);
  return { id: result.request.id, carrierRequestId };
}
