import type { Metrics } from '../../src/metrics.ts';

/** The gauge of open subscriptions. */
export async function openSubscriptions({ metrics }: { readonly metrics: Metrics }): Promise<number> {
  return (await metrics.subscriptions.get()).values[0]?.value ?? 0;
}
