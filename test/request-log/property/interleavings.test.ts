import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { checkProperty } from './check-property.ts';
import { freeTurns } from './free-operations.ts';
import { OWN_SOURCE } from './log-source.ts';
import { turns } from './operations.ts';
import { playAgainstModel } from './play-against-model.ts';
import { playFreely } from './play-freely.ts';
import { FAST_FOLDER, RUNS, SEED, timeLimitOf } from './property-settings.ts';

const runs = RUNS ?? 150;

test(
  'any interleaving of submits, callbacks, follow-up, purges and deaths leaves what a plain model says',
  { timeout: timeLimitOf(runs) },
  async () => {
    await using folder = await tempFolder(FAST_FOLDER);
    let at = 0;
    const played = await checkProperty(turns, { runs, seed: SEED }, (drawn) =>
      playAgainstModel(OWN_SOURCE, drawn, join(folder.path, String(at++))),
    );
    expect(played).toBe(runs);
  },
);

test(
  'whatever identifiers devices and messages share: counts add up, no row is missing, no message is lost',
  { timeout: timeLimitOf(runs) },
  async () => {
    await using folder = await tempFolder(FAST_FOLDER);
    let at = 0;
    const played = await checkProperty(freeTurns, { runs, seed: SEED }, (drawn) =>
      playFreely(OWN_SOURCE, drawn, join(folder.path, String(at++))),
    );
    expect(played).toBe(runs);
  },
);
