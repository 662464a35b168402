import { describe, expect, test } from 'vitest';
import { GroupMembers } from '../../src/resolvers/requests/group-members.ts';
import { RequestSender } from '../../src/resolvers/requests/request-sender.ts';
import type { SendingTurns } from '../../src/resolvers/requests/send-queue.ts';
import { submitted } from '../request-log/contract-support.ts';
import { openDatabase } from '../request-log/postgres-support.ts';
import { named } from '../support/callback-message.ts';
import { storeOf } from '../support/flat-store.ts';
import { noPostgres } from '../support/postgres-programs.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`The window over gateways with other clocks is not tested: ${reason}.\n`);

const SENT_AT = Date.parse('2026-11-30T12:00:00Z');
const AGE_MS = 59_500;
/** Less than what is noise when the clock of a gateway is compared with that of the database. */
const OFF_MS = 400;

describe.skipIf(reason !== null)('of two gateways whose clocks differ by less than a second', () => {
  test('the next one to send counts what left within the last minute, and takes nothing for older than it is', async () => {
    await using database = await openDatabase();
    const one = await database.open({ now: () => SENT_AT - OFF_MS });
    const now = () => SENT_AT + AGE_MS + OFF_MS;
    const next = await database.open({ now });
    await submitted(one, [named(1)], 'known');
    const ages = new Map<string, readonly number[]>();
    const never = () => Promise.reject(new Error('nothing is sent here'));
    const queue: SendingTurns = {
      take: never,
      hold: () => undefined,
      placeOf: () => null,
      remember: ({ name }, agesMs) => void ages.set(name, agesMs),
    };
    const onFailure = (_id: unknown, error: unknown) => {
      throw error;
    };
    const store = storeOf(next);
    const members = new GroupMembers({ store, reads: { listDevices: never } as never, onFailure });
    const pauses = { firstPauseMs: 5, maxPauseMs: 20, maxWaitMs: 60_000 };
    await using ended = new AsyncDisposableStack();
    const sender = ended.use(new RequestSender({ store, thingSpace: { perform: never }, queue, members, ...pauses, now, onFailure }));
    await sender.begin({ token: 1, over: new AbortController().signal }, ended);
    const [age] = ages.get('ACTIVATE_DEVICES') ?? [];
    expect(age).toBeLessThanOrEqual(AGE_MS);
  });
});
