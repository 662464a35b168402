import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { callbackMessage, named } from '../support/callback-message.ts';
import type { FlatStore } from '../support/flat-store.ts';
import { newRequest } from '../support/new-request.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { requestOf, submitted } from './contract-support.ts';
import { openDatabase } from './postgres-support.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`That nothing stays owed on PostgreSQL is not tested: ${reason}.\n`);

/** More than one transaction settles. */
const MANY = 1_200;

/** What the gateway that follows up does every few seconds. */
async function tidy(log: FlatStore): Promise<void> {
  while (!(await log.settleUnclaimed(0)).done);
}

describe.skipIf(reason !== null)('what a change leaves to do on PostgreSQL', () => {
  test('is done by another gateway, when the one that began it has ended', async () => {
    await using database = await openDatabase();
    const one = await database.open();
    let dies: FlatStore | null = null;
    const other = await database.open({ onCommit: () => dies?.halt(new GatewayError('SHUTTING_DOWN', 'killed')) });
    const request = newRequest(Array.from({ length: MANY }, (_, at) => named(at)));
    await one.create(request);
    dies = other;
    await expect(other.cancelQueued(request.id, { code: 'CANCELLED', message: 'x' })).rejects.toThrow('killed');
    expect(await requestOf(one, request.id)).toMatchObject({ status: 'QUEUED', progress: { PENDING: MANY - 500, CANCELLED: 500 } });
    await tidy(one);
    expect(await requestOf(one, request.id)).toMatchObject({ status: 'CANCELLED', progress: { PENDING: 0, CANCELLED: MANY } });
  });

  test('is done when a callback has left more results over than are tied at once', async () => {
    await using database = await openDatabase();
    const log = await database.open();
    const id = await submitted(log, [named(1), named(2)], 'known');
    const strays = Array.from({ length: 150 }, (_, at) => callbackMessage({ device: 1_000 + at }));
    for (const stray of strays) expect(await log.append(stray)).toBe('APPLIED');
    for (const device of [1, 2]) await log.append(callbackMessage({ device }));
    await tidy(log);
    expect(await requestOf(log, id)).toMatchObject({ status: 'SUCCEEDED', progress: { SUCCEEDED: 152 } });
  });
});
