import { expect, test } from 'vitest';
import { iccid } from '../support/devices.ts';
import { howMany } from '../support/how-many.ts';
import { settledMemory } from '../support/memory-in-use.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { NOTHING_OPEN, openForClients } from '../support/open-for-clients.ts';
import { RandomAborts } from '../support/random-aborts.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { until } from '../support/until.ts';

const CLIENTS = howMany({ whole: 10_000, short: 3_000 });
const THIRDS = 3;

test(
  `${CLIENTS} clients that leave at any moment leave nothing: nothing is open, and memory does not grow`,
  { timeout: 300_000 },
  async () => {
    const random = new SeededRandom();
    await using doors = await openGraphqlDoors();
    const request = newRequest([[['ICCID', iccid(1)]]]);
    await doors.requestLog.create(request);
    const aborts = new RandomAborts(doors.url, request.id, random);
    const thirds: number[] = [];
    for (let third = 0; third < THIRDS; third++) {
      await aborts.run(Math.ceil(CLIENTS / THIRDS), 16);
      await until(async () => JSON.stringify(await openForClients(doors)) === JSON.stringify(NOTHING_OPEN));
      thirds.push(await settledMemory());
    }
    const [, second = 0, last = 0] = thirds;
    expect(last / second, `seed ${random.seed}`).toBeGreaterThan(0.9);
    expect(last / second, `seed ${random.seed}`).toBeLessThan(1.1);
    expect(doors.logged, `seed ${random.seed}`).toEqual([]);
  },
);
