import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { checkProperty } from './check-property.ts';
import { driveSqlite } from './driven-sqlite.ts';
import { freeTurns } from './free-operations.ts';
import { plantedSource } from './log-source.ts';
import { turns } from './operations.ts';
import { playAgainstModel } from './play-against-model.ts';
import { playFreely } from './play-freely.ts';
import { RUNS, SEED, timeLimitOf } from './property-settings.ts';
import { SMALL_MEMORY, SMALL_STEPS } from './small-memory.ts';

/** The short form plays the same games every time, so whether it passes depends only on the code. */
const runs = RUNS ?? 45;
const seed = SEED ?? (RUNS === undefined ? 1 : undefined);
const timeout = timeLimitOf(runs);
const MEMORIES = [
  { memory: 'its own memory', edits: [] },
  { memory: 'hardly any memory', edits: SMALL_MEMORY },
];

test.for(MEMORIES)(
  'with $memory, any interleaving of submits, callbacks, follow-up, purges, full disks and deaths leaves what a plain model says',
  { timeout },
  async ({ edits }) => {
    await using folder = await tempFolder();
    await using source = await plantedSource(edits);
    let at = 0;
    const open = () => driveSqlite(source, join(folder.path, String(at++)));
    const played = await checkProperty(turns, { runs, seed }, (drawn) => playAgainstModel(source, drawn, open));
    expect(played).toBe(runs);
  },
);

test.for([...MEMORIES, { memory: 'steps of one row', edits: SMALL_STEPS }])(
  'with $memory, whatever identifiers devices and messages share: counts add up, no row is missing, no message is lost',
  { timeout },
  async ({ edits }) => {
    await using folder = await tempFolder();
    await using source = await plantedSource(edits);
    let at = 0;
    const open = () => driveSqlite(source, join(folder.path, String(at++)));
    const played = await checkProperty(freeTurns, { runs, seed }, (drawn) => playFreely(source, drawn, open));
    expect(played).toBe(runs);
  },
);
