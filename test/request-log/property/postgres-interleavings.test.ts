import { expect, test } from 'vitest';
import { needPostgres } from '../../support/need-postgres.ts';
import { noPostgres } from '../../support/postgres-programs.ts';
import type { OpenPostgresStore } from '../postgres-fixture.ts';
import { checkProperty } from './check-property.ts';
import { drivePostgres } from './driven-postgres.ts';
import { freeTurns } from './free-operations.ts';
import { plantedSource } from './log-source.ts';
import { turns } from './operations.ts';
import { playAgainstModel } from './play-against-model.ts';
import { playFreely } from './play-freely.ts';
import { RUNS, SEED, timeLimitOf } from './property-settings.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`Games with the store on PostgreSQL are not played: ${reason}.\n`);

/** A game takes ten times as long as one with the embedded store. */
const runs = RUNS ?? 10;
const seed = SEED ?? (RUNS === undefined ? 1 : undefined);
const timeout = timeLimitOf(runs);

async function openGame() {
  const postgres = await needPostgres();
  const source = await plantedSource([]);
  const { openPostgresStore: openStore } = await source.load<{ openPostgresStore: OpenPostgresStore }>(
    'request-log/postgres/open-postgres-store.ts',
  );
  const parts = { Hub: source.Hub, openStore, verify: () => Promise.resolve([]) };
  return { source, open: () => drivePostgres(parts, postgres), [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
}

test.skipIf(reason !== null)('any interleaving leaves what a plain model says', { timeout }, async () => {
  await using game = await openGame();
  const { source, open } = game;
  expect(await checkProperty(turns, { runs, seed }, (drawn) => playAgainstModel(source, drawn, open))).toBe(runs);
});

test.skipIf(reason !== null)('whatever identifiers devices and messages share: counts add up, nothing is lost', { timeout }, async () => {
  await using game = await openGame();
  const { source, open } = game;
  expect(await checkProperty(freeTurns, { runs, seed }, (drawn) => playFreely(source, drawn, open))).toBe(runs);
});
