import { parseArgs } from 'node:util';
import { CAMPAIGN, TRACED_ENDINGS, type CampaignOptions } from '../test/crash/campaign/campaign-options.ts';
import { describeReport, ledgerLine } from '../test/crash/campaign/report.ts';
import { runCampaign } from '../test/crash/campaign/run-campaign.ts';
import { replicaCampaign } from '../test/crash/replicas/replica-options.ts';
import { describeReplicaReport, replicaLedgerLine } from '../test/crash/replicas/replica-report.ts';
import { runReplicaCampaign } from '../test/crash/replicas/run-replica-campaign.ts';
import { whyNoFaketime } from '../test/support/libfaketime.ts';
import { SeededRandom } from '../test/support/seeded-random.ts';
import { whyNoNginx } from '../test/support/nginx.ts';
import { whyNoPostgres } from '../test/support/postgres-programs.ts';
import { whyNoStrace } from '../test/support/strace.ts';

const HELP = `Usage: npm run crash-test -- [options]

Kills the gateway again and again under load, with the carrier, the network and the clock at fault, and compares the books.
The last line is the ledger; the exit code is 0 only when it is clean.

With --replicas several gateways share one PostgreSQL behind nginx. They are killed, stopped, cut off from the database and restarted one
by one; the database crashes, and from 30 s on a standby takes its place.

  --seconds N      how long the load goes on (${CAMPAIGN.seconds})
  --kills N        go on until that many lives were killed, if that takes longer
  --replicas N     so many gateways on one PostgreSQL (needs postgresql and nginx)
  --seed N         repeat the faults of another run
  --devices N      devices of one mutation at most (${CAMPAIGN.maxDevices})
  --folder PATH    run PATH/src/main.ts instead of this project's
  --without NAME   strace or faketime; may be given twice
  --verbose        say how each life ended`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string' },
    replicas: { type: 'string' },
    devices: { type: 'string' },
    folder: { type: 'string' },
    without: { type: 'string', multiple: true, default: [] },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Says what the run leaves out, and why. In CI only --without may leave something out. */
function isMissing(name: 'strace' | 'faketime', covers: string, why: string | null): boolean {
  if (values.without.includes(name)) console.log(`SKIPPED: ${covers}: --without ${name}`);
  else if (why !== null && process.env['CI'] === 'true') throw new Error(`${why}: CI runs the whole campaign`);
  else if (why !== null) console.log(`SKIPPED: ${covers}: ${why}`);
  return values.without.includes(name) || why !== null;
}

function readNumber(name: 'seconds' | 'kills' | 'devices' | 'seed' | 'replicas', fallback: number): number {
  const given = values[name];
  if (given !== undefined && !/^\d{1,10}$/.test(given)) throw new Error(`--${name} must be a whole number, not ${given}`);
  return given === undefined ? fallback : Number(given);
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seed = readNumber('seed', new SeededRandom().seed);
  console.log(`seed ${seed}`);
  if (values.replicas !== undefined) return runReplicas(seed);
  const noStrace = isMissing('strace', 'marked points and power cuts', whyNoStrace());
  const noFaketime = isMissing('faketime', 'clock jumps', whyNoFaketime());
  const options: CampaignOptions = {
    ...CAMPAIGN,
    seed,
    seconds: readNumber('seconds', CAMPAIGN.seconds),
    kills: readNumber('kills', CAMPAIGN.kills),
    maxDevices: readNumber('devices', CAMPAIGN.maxDevices),
    folder: values.folder,
    endings: noStrace ? CAMPAIGN.endings.filter((ending) => !TRACED_ENDINGS.has(ending)) : CAMPAIGN.endings,
    clockJumps: !noFaketime,
    say: (line) => void ((values.verbose || !line.startsWith('killed')) && console.log(line)),
  };
  const report = await runCampaign(options);
  for (const line of describeReport(report)) console.log(line);
  console.log(ledgerLine(report));
  return report.tally.isClean ? 0 : 1;
}

async function runReplicas(seed: number): Promise<number> {
  const why = whyNoPostgres() ?? whyNoNginx();
  if (why !== null) throw new Error(why);
  const campaign = replicaCampaign(readNumber('seconds', CAMPAIGN.seconds));
  const report = await runReplicaCampaign({
    ...campaign,
    seed,
    replicas: readNumber('replicas', 3),
    kills: readNumber('kills', campaign.kills),
    maxDevices: readNumber('devices', campaign.maxDevices),
    folder: values.folder,
    say: (line) => console.log(line),
  });
  for (const line of describeReplicaReport(report)) console.log(line);
  console.log(replicaLedgerLine(report));
  return report.tally.isClean ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? `crash-test: ${(values.verbose && error.stack) || error.message}` : error);
  return 2;
});
