import type { Hub } from '../../src/datasources/request-log/hub.ts';
import type { StoredOutcome } from '../../src/datasources/request-log/stored-request.ts';
import { newRequest } from '../support/new-request.ts';
import type { FlatStore } from '../support/flat-store.ts';

/** A store that can be closed and opened again, like a process that ends and starts. */
export interface LogFixture extends AsyncDisposable {
  readonly hub: Hub;
  open(): Promise<FlatStore>;
}

export const A = [
  ['ICCID', '89148000000000000001'],
  ['IMEI', '990013900000010'],
] as const;
export const B = [
  ['ICCID', '89148000000000000002'],
  ['IMEI', '990013900000020'],
] as const;
export const C = [['ICCID', '89148000000000000003']] as const;

/** A Request that the carrier has accepted under `guid`. */
export async function submitted(
  log: FlatStore,
  devices: Parameters<typeof newRequest>[0],
  guid: string,
  more: Parameters<typeof newRequest>[1] = {},
): Promise<string> {
  const request = newRequest(devices, more);
  await log.create(request);
  await log.step(request.id, 0, { type: 'SENDING' });
  await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: guid });
  return request.id;
}

export async function requestOf(log: FlatStore, id: string) {
  const request = (await log.requests([id])).get(id);
  if (!request) throw new Error(`no request ${id}`);
  return request;
}

export async function outcomesOf(log: FlatStore, requestId: string): Promise<readonly StoredOutcome[]> {
  const [page] = await log.outcomePages([{ requestId, statuses: null, afterIndex: -1, limit: 1000 }]);
  return page?.rows ?? [];
}

export function statuses(outcomes: readonly StoredOutcome[]): string[] {
  return outcomes.map(({ status }) => status);
}

/** All that waits is looked at. One call of the PostgreSQL store ends after half a second, done or not. */
export async function settleAll(log: FlatStore, before: number): Promise<{ readonly resolved: string[]; readonly adopted: string[] }> {
  const all = { resolved: [] as string[], adopted: [] as string[] };
  for (let isDone = false; !isDone;) {
    const { resolved, adopted, done } = await log.settleUnclaimed(before);
    all.resolved.push(...resolved);
    all.adopted.push(...adopted);
    isDone = done;
  }
  return all;
}
