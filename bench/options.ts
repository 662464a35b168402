import { parseArgs } from 'node:util';

export const PARTS = [
  'callbacks',
  'delivery',
  'mutation',
  'growth',
  'overload',
  'greedy',
  'start',
  'stalled',
  'cold',
  'encrypted',
  'frame',
  'lists',
  'in-flight',
  'overdue',
  'replicas',
  'account',
] as const;
export type PartName = (typeof PARTS)[number];

export interface BenchOptions {
  readonly only: readonly PartName[];
  /** Small counts, one round: shows that everything runs; its figures mean little. */
  readonly quick: boolean;
  readonly json: string | null;
  /** Callbacks on their way at once. */
  readonly inFlight: number;
  readonly rounds: number;
  /** Rows `growth` ends with and `start` begins with, and requests that `lists` are read from. */
  readonly rows: number;
  /** Most requests of 10,000 devices that `in-flight` opens: 1, 16, 100 or 1,000. */
  readonly requests: number;
  /** Folder for V8 processor profiles of the gateway. */
  readonly profile: string | null;
  /** Folder of another checkout. Its gateway is measured in the same run. */
  readonly against: string | null;
}

export const USAGE = `npm run bench -- [PART]… [--quick] [--json FILE]
                 [--rounds N] [--in-flight N] [--rows N] [--requests N] [--profile FOLDER] [--against FOLDER]`;

export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      rounds: { type: 'string' },
      'in-flight': { type: 'string' },
      rows: { type: 'string' },
      requests: { type: 'string' },
      profile: { type: 'string' },
      against: { type: 'string' },
    },
  });
  const { quick } = values;
  const only = [...(values.only ?? []), ...positionals].map(partName);
  return {
    only: only.length === 0 ? PARTS : only,
    quick,
    json: values.json ?? null,
    inFlight: whole('--in-flight', values['in-flight'] ?? '64', 1, 1_000),
    rounds: whole('--rounds', values.rounds ?? (quick ? '1' : '3'), 1, 20),
    rows: whole('--rows', values.rows ?? (quick ? '2000' : '500000'), 1_000, 20_000_000),
    requests: whole('--requests', values.requests ?? (quick ? '16' : '100'), 1, 1_000),
    profile: values.profile ?? null,
    against: values.against ?? null,
  };
}

function partName(name: string): PartName {
  const found = PARTS.find((part) => part === name);
  if (!found) throw new RangeError(`${name} is no part: there are ${PARTS.join(', ')}`);
  return found;
}

function whole(flag: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) throw new RangeError(`${flag} must be a whole number, ${min} to ${max}`);
  return number;
}
