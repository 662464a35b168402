import { randomUUID } from 'node:crypto';
import { successCallback } from './callback-samples.ts';
import { iccid } from './devices.ts';
import { newRequest } from './new-request.ts';
import { openLog } from './open-log.ts';

export interface Filling {
  readonly requests: number;
  readonly devices: number;
  readonly account: string;
  /** When all of them were made and done, in milliseconds since 1970. */
  readonly at: number;
}

const ONE_COMMIT = 256;

/** Fills a closed store with completed requests and gives back their ids. Their rows are interleaved, as the carrier reports devices. */
export async function fillStore(path: string, { requests, devices, account, at }: Filling): Promise<readonly string[]> {
  await using log = openLog(path, { now: () => at });
  const made: { id: string; guid: string; ids: (readonly (readonly ['ICCID', string])[])[] }[] = [];
  for (let number = 0; number < requests; number++) {
    // High numbers, so that they are none of the test's own devices.
    const ids = Array.from({ length: devices }, (_, index) => [['ICCID', iccid(1_000_000 + number * devices + index)]] as const);
    const request = newRequest(ids, { account, createdAt: at });
    const guid = randomUUID();
    await log.create(request);
    await log.step(request.id, 0, { type: 'SENDING' });
    await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: guid });
    made.push({ id: request.id, guid, ids });
  }
  const reports = Array.from({ length: devices }, (_, index) =>
    made.map(({ guid, ids }) => successCallback({ requestId: guid, ids: ids[index] ?? [], account, receivedAt: at })),
  ).flat();
  for (let from = 0; from < reports.length; from += ONE_COMMIT) {
    await Promise.all(reports.slice(from, from + ONE_COMMIT).map((report) => log.append(report)));
  }
  return made.map(({ id }) => id);
}
