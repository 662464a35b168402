import { expect, test } from 'vitest';
import { graphql, type GraphqlAnswer } from '../support/stack.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { smallDisk, whyNoSmallDisk } from '../support/small-disk.ts';
import { noStrace, SYNCS } from '../support/strace.ts';
import { openDoorProcess, type DoorProcess } from './support/door-process.ts';

const reason = noStrace();
if (reason !== null) process.stderr.write(`Failing disks are not tested: ${reason}.\n`);
// A container in CI may not be allowed to mount. A write that finds no room is almost the same.
const noMount = whyNoSmallDisk();
if (noMount !== null) process.stderr.write(`A full disk is not tested: ${noMount}.\n`);

/** The most syncs and writes that a start makes. The failing ones come later. */
const AFTER_START = 40;

test.skipIf(reason !== null)(
  'when a sync fails nothing more is acknowledged, and the process ends with an exit code that is not 0',
  async () => {
    await using door = await openDoorProcess({ tracing: { calls: SYNCS, inject: `${SYNCS}:error=EIO:when=${AFTER_START}` } });
    const acknowledged = new Set<number>();
    const answers: (number | 'no answer')[] = [];
    for (let marker = 0; answers.at(-1) !== 'no answer' && answers.at(-1) !== 503; marker++) {
      const { status } = await door.post(marker);
      answers.push(status);
      if (status === 200) acknowledged.add(marker);
    }
    expect(await door.gateway.exited).toBe(1);
    expect(door.gateway.output()).toContain('"store_failed"');
    expect(acknowledged.size).toBeGreaterThan(0);

    // When the disk works again, every acknowledged callback is there.
    await using again = await spawnGateway(door.env);
    const stored = await storedMarkers(again.graphql);
    expect([...acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
  },
);

test.skipIf(reason !== null).each(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO'])(
  'while writes end with %s callbacks are answered 503, and taken again once there can be written',
  async (error) => {
    const failing = { from: 400, to: 480 };
    const tracing = { calls: 'pwrite64', inject: `pwrite64:error=${error}:when=${failing.from}..${failing.to}` };
    await using door = await openDoorProcess({ tracing });
    await fillAndEmpty(door, () => undefined);
    expect(door.gateway.output()).toMatch(error === 'ENOSPC' ? /The disk is full/ : /The store cannot be written/);
  },
);

test.skipIf(noMount !== null)('on a disk that is full callbacks are answered 503, and taken again once there is room', async () => {
  await using disk = await smallDisk('1m');
  await using door = await openDoorProcess({ storeFolder: disk.path });
  await fillAndEmpty(door, () => disk.resize('8m'));
});

/** Sends callbacks until the disk was full and has room again. Each answer is 200 or 503, and every acknowledged callback is stored. */
async function fillAndEmpty(door: DoorProcess, makeRoom: () => void): Promise<void> {
  const acknowledged = new Set<number>();
  const runs: (number | 'no answer')[] = [];
  for (let marker = 0; runs.join(' ') !== '200 503 200'; marker++) {
    const { status } = await door.post(marker);
    expect([200, 503]).toContain(status);
    if (status === 200) acknowledged.add(marker);
    if (runs.at(-1) === status) continue;
    runs.push(status);
    if (status === 503) makeRoom();
  }
  const stored = await storedMarkers(door.gateway.graphql);
  expect([...acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
}

/** The markers of all callbacks that no request has. */
async function storedMarkers(url: string): Promise<Set<number>> {
  const markers = new Set<number>();
  for (let after: string | null = null; ;) {
    const { data }: GraphqlAnswer<Page> = await graphql(url, UNCLAIMED, { after });
    for (const { comment } of data?.unclaimedCallbacks.nodes ?? []) markers.add(Number(/\d+/.exec(comment)?.[0]));
    if (!data?.unclaimedCallbacks.pageInfo.hasNextPage) return markers;
    after = data.unclaimedCallbacks.pageInfo.endCursor;
  }
}

const UNCLAIMED = `query ($after: Cursor) { unclaimedCallbacks(first: 1000, after: $after) {
  nodes { comment } pageInfo { hasNextPage endCursor } } }`;

interface Page {
  readonly unclaimedCallbacks: {
    readonly nodes: readonly { readonly comment: string }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}
