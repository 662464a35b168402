import { describe, expect, test, vi } from 'vitest';
import { CAMPAIGN, TRACED_ENDINGS, type CampaignOptions } from '../crash/campaign/campaign-options.ts';
import { runCampaign } from '../crash/campaign/run-campaign.ts';
import { occurrences, plantedTree } from '../support/planted-tree.ts';
import { noStrace } from '../support/strace.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

// A dozen processes start on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, maxConcurrency: 3 });

const reason = noStrace();
if (reason !== null) process.stderr.write(`Planted bugs that need marked points are skipped: ${reason}.\n`);

/** No faults but the ones a bug is aimed at. */
const QUIET: CampaignOptions = {
  ...CAMPAIGN,
  seed: 1,
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

describe.concurrent('a campaign aimed at it finds that', () => {
  for (const { name, edits, aim, shows } of PLANTED_BUGS) {
    test.skipIf(reason !== null && traced(aim))(name, async ({ expect: expectHere }) => {
      await using tree = await plantedTree(edits);
      const { tally } = await runCampaign({ ...QUIET, ...aim, folder: tree.path });
      expectHere(tally.isClean).toBe(false);
      expectHere(
        shows.reduce((sum, column) => sum + tally.counts[column], 0),
        tally.words.join('\n'),
      ).toBeGreaterThan(0);
    });
  }
});
