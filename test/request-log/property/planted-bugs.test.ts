import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { howMany } from '../../support/how-many.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { driveSqlite } from './driven-sqlite.ts';
import { freeTurns, freeTurnsWith } from './free-operations.ts';
import { plantedSource } from './log-source.ts';
import { turns, turnsWith } from './operations.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { playAgainstModel } from './play-against-model.ts';
import { playFreely } from './play-freely.ts';
import { RUNS, timeLimitOf } from './property-settings.ts';

/** The histories are the same every time, so whether a bug is found depends only on the code. */
const SEED = 1;
const runs = RUNS ?? 1_000;

/** CI looks for every second of them. */
const SOUGHT = howMany({ whole: 1, short: RUNS === undefined ? 2 : 1 });
const sought = PLANTED_BUGS.filter(({ isRare }) => !isRare || RUNS !== undefined).filter((_, at) => at % SOUGHT === 0);

test.for(sought)('it is found when $name', { timeout: timeLimitOf(runs) }, async (bug) => {
  await using folder = await tempFolder();
  await using source = await plantedSource(bug.edits);
  const parameters = { numRuns: runs, seed: SEED, endOnFailure: true };
  let at = 0;
  const open = () => driveSqlite(source, join(folder.path, String(at++)));
  const found = await (bug.search === 'FREE'
    ? fc.check(
        fc.asyncProperty(bug.freeAim ? freeTurnsWith(bug.freeAim) : freeTurns, (drawn) => playFreely(source, drawn, open)),
        parameters,
      )
    : fc.check(
        fc.asyncProperty(bug.aim ? turnsWith(bug.aim) : turns, (drawn) => playAgainstModel(source, drawn, open)),
        parameters,
      ));
  expect(found.failed).toBe(true);
});
