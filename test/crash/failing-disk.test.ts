import { expect, test } from 'vitest';
import { graphql } from '../support/stack.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { noStrace, SYNCS } from '../support/strace.ts';
import { openTracedDoor, type TracedDoor } from './support/traced-door.ts';

const reason = noStrace();
if (reason !== null) process.stderr.write(`Failing disks are not tested: ${reason}.\n`);

/** Syncs and writes that a start makes, at most: what fails comes later. */
const AFTER_START = 40;

test.skipIf(reason !== null)(
  'when a sync fails nothing more is acknowledged, and the process ends with an exit code that is not 0',
  async () => {
    await using door = await openTracedDoor({ calls: SYNCS, inject: `${SYNCS}:error=EIO:when=${AFTER_START}` });
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

    // With a disk that works again everything is there that was acknowledged.
    await using again = await spawnGateway(door.env);
    const stored = await storedMarkers(again.graphql);
    expect([...acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
  },
);

test.skipIf(reason !== null)(
  'while the disk is full callbacks are answered 503, and taken again once there is room, by the same process',
  async () => {
    const full = { from: 400, to: 480 };
    await using door = await openTracedDoor({ calls: 'pwrite64', inject: `pwrite64:error=ENOSPC:when=${full.from}..${full.to}` });
    const acknowledged = new Set<number>();
    const runs: (number | 'no answer')[] = [];
    for (let marker = 0; runs.join(' ') !== '200 503 200'; marker++) {
      const { status } = await door.post(marker);
      if (status === 200) acknowledged.add(marker);
      if (runs.at(-1) !== status) runs.push(status);
      expect([200, 503]).toContain(status);
    }
    const stored = await storedMarkers(door.gateway.graphql);
    expect([...acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
  },
);

/** Of callbacks that nobody waited for, all of one request id. */
async function storedMarkers(url: TracedDoor['gateway']['graphql']): Promise<Set<number>> {
  const { data } = await graphql<{ unclaimedCallbacks: { nodes: { comment: string }[] } }>(
    url,
    '{ unclaimedCallbacks(first: 1000) { nodes { comment } } }',
  );
  return new Set(data?.unclaimedCallbacks.nodes.map(({ comment }) => Number(/\d+/.exec(comment)?.[0])));
}
