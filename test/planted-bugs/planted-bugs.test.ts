import { describe, expect, test, vi } from 'vitest';
import { CAMPAIGN, TRACED_ENDINGS, type CampaignOptions } from '../crash/campaign/campaign-options.ts';
import { runCampaign } from '../crash/campaign/run-campaign.ts';
import { occurrences, plantedTree } from '../support/planted-tree.ts';
import { howMany } from '../support/how-many.ts';
import { noStrace } from '../support/strace.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

// A dozen processes start on a machine that may be busy with others.
vi.setConfig({ testTimeout: 240_000, maxConcurrency: 3 });

const reason = noStrace();
if (reason !== null) process.stderr.write(`Planted bugs that need marked points are skipped: ${reason}.\n`);

/** A crash must come at the right moment. Most bugs show with the first seed. A bug that shows with none of them is not found. */
const SEEDS = [1, 2, 3];

/** No faults but the ones a bug is aimed at. */
const QUIET: Omit<CampaignOptions, 'seed'> = {
  ...CAMPAIGN,
  seconds: 0,
  lifeMs: [700, 1_200],
  carrierFaults: [],
  networkFaults: false,
  clockJumps: false,
  maxDevices: 60,
  others: 0,
  stallMs: 4_000,
};

const traced = ({ endings = [] }: Partial<CampaignOptions>) => endings.some((ending) => TRACED_ENDINGS.has(ending));

test.for(PLANTED_BUGS.flatMap(({ name, edits }) => edits.map((edit) => ({ name, edit }))))(
  'the place of "$name" in $edit.file is there, and once',
  async ({ edit }) => {
    expect(await occurrences(edit)).toBe(1);
  },
);

/** Each campaign takes a quarter of a minute of processor time. CI looks for every second of the bugs, and for all at the thread's edge. */
const SOUGHT = howMany({ whole: 1, short: 2 });
const sought = PLANTED_BUGS.filter((_, at) => at % SOUGHT === 0 || at >= PLANTED_BUGS.length - 2);

describe.concurrent('a campaign aimed at it finds that', () => {
  for (const { name, edits, aim, shows } of sought) {
    test.skipIf(reason !== null && traced(aim))(name, async ({ expect: expectHere }) => {
      await using tree = await plantedTree(edits);
      const found = new Map<number, readonly string[]>();
      for (const seed of SEEDS) {
        const { tally } = await runCampaign({ ...QUIET, ...aim, seed, folder: tree.path });
        if (shows.some((column) => tally.counts[column] > 0)) return;
        found.set(seed, tally.words);
      }
      expectHere([...found], `${shows.join(' or ')} under none of these seeds`).toEqual([]);
    });
  }
});
