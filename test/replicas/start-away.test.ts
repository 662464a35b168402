import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeptFacts } from '../../src/gateway/intake/kept-facts.ts';
import { LateStore } from '../../src/gateway/intake/late-store.ts';
import { untilAnswered } from '../../src/gateway/until-answered.ts';
import { GatewayError, STORE_AWAY } from '../../src/errors.ts';
import { storeOf } from '../support/flat-store.ts';
import { openLog } from '../support/open-log.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { recordedLog } from '../support/recorded-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { throwFailure } from '../support/throw-failure.ts';
import { startWhileAway } from './start-away.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`That a gateway starts while the database is away is not tested: ${reason}.\n`);

describe.skipIf(reason !== null)('a gateway that starts while its database is away', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('refused: takes callbacks once its journal knows their paths, and opens GraphQL when the database answers', () =>
    startWhileAway(
      {
        name: 'refused',
        begin: async ({ proxy }) => {
          await proxy.refuse();
          proxy.cut();
        },
        end: ({ proxy }) => proxy.heal(),
      },
      server,
      ['SIGKILL', 'SIGTERM'],
    ));
});

test('a fact that was read once is known without the shared store, as it was then', async () => {
  await using folder = await tempFolder();
  await using own = openLog(`${folder.path}/journal`);
  await using other = openLog(`${folder.path}/shared`);
  const journal = storeOf(own).facts;
  const store = storeOf(other);
  const begin = () => {
    const shared = new LateStore();
    return { shared, facts: new KeptFacts({ shared, journal, onNotKept: throwFailure }) };
  };
  const first = begin();
  expect(await first.facts.isKnown('a')).toBe(false);
  const waiting = first.facts.recall('a');
  await expect(first.shared.parts.facts.recall('a')).rejects.toMatchObject({ details: { reason: STORE_AWAY } });
  first.shared.open(store);
  // That there is none is known too.
  expect(await waiting).toBeNull();
  expect(await begin().facts.recall('a')).toBeNull();
  await store.facts.remember('a', '1');
  expect(await first.facts.recall('a')).toBe('1');
  await first.facts.remember('a', '2');
  const next = begin();
  expect(await next.facts.recall('a')).toBe('1');
  next.shared.open(store);
  expect(await next.facts.recall('a')).toBe('2');
});

describe('work that waits for the database', () => {
  const away = () => new GatewayError('STORE_FAILED', 'Away.', { details: { reason: STORE_AWAY } });
  const unusable = new GatewayError('STORE_UNUSABLE', 'Unusable.');

  test('is undone and done again until it is answered, and is told of once', async () => {
    const log = recordedLog();
    await using undo = new AsyncDisposableStack();
    const undone: number[] = [];
    let attempts = 0;
    const work = (own: AsyncDisposableStack) => {
      const attempt = ++attempts;
      own.defer(() => void undone.push(attempt));
      return attempt < 3 ? Promise.reject(away()) : Promise.resolve(attempt);
    };
    expect(await untilAnswered(work, { logger: log.logger, undo, meanwhile: 'Wait.' })).toBe(3);
    expect(undone).toEqual([1, 2]);
    expect(log.of('store_awaited', 'store_answered').map(({ event }) => event)).toEqual(['store_awaited', 'store_answered']);
    await undo.disposeAsync();
    expect(undone).toEqual([1, 2, 3]);
  });

  test('ends with an error that waiting does not mend', async () => {
    await using undo = new AsyncDisposableStack();
    const waiting = untilAnswered(() => Promise.reject(unusable), { logger: recordedLog().logger, undo, meanwhile: '' });
    await expect(waiting).rejects.toBe(unusable);
  });

  test('is undone when it is answered after the stop', async () => {
    const undo = new AsyncDisposableStack();
    const undone: string[] = [];
    const work = async (own: AsyncDisposableStack) => {
      own.defer(() => void undone.push('work'));
      await undo.disposeAsync();
    };
    const waiting = untilAnswered(work, { logger: recordedLog().logger, undo, meanwhile: '' });
    await expect(waiting).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(undone).toEqual(['work']);
  });
});
