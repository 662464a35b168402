import { writeFile } from 'node:fs/promises';
import { benchAccount } from './bench-account.ts';
import { benchCallbacks } from './bench-callbacks.ts';
import { benchCold } from './bench-cold.ts';
import { benchDelivery } from './bench-delivery.ts';
import { benchEncrypted } from './bench-encrypted.ts';
import { benchFrame } from './bench-frame.ts';
import { benchGreedy } from './bench-greedy.ts';
import { benchGrowth } from './bench-growth.ts';
import { benchInFlight } from './bench-in-flight.ts';
import { benchLists } from './bench-lists.ts';
import { benchMutation } from './bench-mutation.ts';
import { benchOverdue } from './bench-overdue.ts';
import { benchOverload } from './bench-overload.ts';
import { benchReplicas } from './bench-replicas.ts';
import { benchStalled } from './bench-stalled.ts';
import { benchStart } from './bench-start.ts';
import { PARTS, readOptions, USAGE, type BenchOptions, type PartName } from './options.ts';
import { printEnvironment, printSection, readEnvironment, type Section } from './report.ts';

const RUN: Record<PartName, (options: BenchOptions) => Promise<Section>> = {
  callbacks: benchCallbacks,
  delivery: benchDelivery,
  mutation: benchMutation,
  growth: benchGrowth,
  overload: benchOverload,
  greedy: benchGreedy,
  start: benchStart,
  stalled: benchStalled,
  cold: benchCold,
  encrypted: benchEncrypted,
  frame: benchFrame,
  'in-flight': benchInFlight,
  lists: benchLists,
  overdue: benchOverdue,
  replicas: benchReplicas,
  account: benchAccount,
};

async function main(options: BenchOptions): Promise<void> {
  const environment = readEnvironment();
  printEnvironment(environment);
  const sections: Partial<Record<PartName, Section>> = {};
  for (const part of PARTS) {
    if (!options.only.includes(part)) continue;
    const section = await RUN[part](options);
    printSection(section);
    sections[part] = section;
  }
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify({ environment, options, sections }, null, 2)}\n`);
}

let options: BenchOptions;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exit(2);
}
await main(options);
