import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describeChanges, findUntold } from './schema/describe-changes.ts';

const HELP = `Usage: npm run schema:changes -- [revision]

Names what has changed in schema.graphql since a revision: the newest release (a tag v…), or else the commit before this one.
It fails when a breaking change is not told in CHANGELOG.md. See "What may change" in docs/clients.md.`;

function git(...args: readonly string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8', maxBuffer: 64 * 1_048_576 });
  return status === 0 ? stdout : null;
}

function main(given: string | undefined): number {
  const revision = given ?? git('describe', '--tags', '--abbrev=0', '--match', 'v*')?.trim() ?? 'HEAD~1';
  const before = git('show', `${revision}:schema.graphql`);
  if (before === null) {
    console.log(`SKIPPED: this checkout has no schema.graphql of ${revision}, so there is nothing to compare with.`);
    return given === undefined ? 0 : 1;
  }
  const changes = describeChanges(before, readFileSync('schema.graphql', 'utf8'));
  for (const { weight, sentence } of changes) if (weight !== 'SAFE') console.log(`${weight}: ${sentence}`);
  console.log(`${changes.length} changes since ${revision}, ${changes.filter(({ weight }) => weight === 'SAFE').length} of them safe.`);
  const untold = findUntold(changes, readFileSync('CHANGELOG.md', 'utf8'));
  for (const { sentence } of untold) console.error(`CHANGELOG.md has no line "- Breaking:" for: ${sentence}`);
  return untold.length > 0 ? 1 : 0;
}

const [given] = process.argv.slice(2);
if (given === '--help') console.log(HELP);
else process.exitCode = main(given);
