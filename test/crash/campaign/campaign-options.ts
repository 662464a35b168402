/** How a life of the gateway ends. */
export const ENDINGS = [
  /** kill -9 after some time, whatever it does. */
  'random',
  /** kill -9 when the carrier has performed a POST and not yet answered it. */
  'sent',
  /** kill -9 when the carrier has just written its answer to a POST. */
  'answered',
  /** Killed entering its n-th fsync, write to the store's files, write to a socket, connect, or wait for what comes next. */
  'fsync',
  'pwrite64',
  'write',
  'connect',
  'turn',
  /** Killed entering its n-th fsync, and with it everything is lost that was written to the store's files and not synced. */
  'power',
  /** SIGTERM: it must end by itself, with exit code 0. */
  'stop',
] as const;

export type Ending = (typeof ENDINGS)[number];

export const TRACED_ENDINGS: ReadonlySet<Ending> = new Set(['fsync', 'pwrite64', 'write', 'connect', 'turn', 'power']);

/** Slow, hanging up before it reads or before its answer is whole, 429, 5xx, an answer nobody can read, dead tokens. */
export const CARRIER_FAULTS = ['slow', 'unread', 'cut', 'limiting', 'failing', 'garbled', 'bearer', 'session'] as const;

export type CarrierFault = (typeof CARRIER_FAULTS)[number];

export interface CampaignOptions {
  /** Unsigned 32-bit; the faults repeat with it, as far as two processes and a scheduler let them. */
  readonly seed: number;
  /** How long the load goes on, in seconds; settling and the audit come after it. */
  readonly seconds: number;
  /** The load goes on until that many lives were killed. */
  readonly kills: number;
  /** The folder whose `src/main.ts` runs; this project when left out. */
  readonly folder?: string | undefined;
  /** Ways to end a life, drawn by chance; one that stands twice comes twice as often. */
  readonly endings: readonly Ending[];
  /** How long a life is left alone, in milliseconds, from its first listening on. */
  readonly lifeMs: readonly [min: number, max: number];
  /** Ways of the carrier to be at fault; one that stands twice comes twice as often. */
  readonly carrierFaults: readonly CarrierFault[];
  /** Resets and frozen connections, towards the carrier and from it. */
  readonly networkFaults: boolean;
  /** Jumps of the gateway's wall clock; needs libfaketime. */
  readonly clockJumps: boolean;
  /** Devices of one mutation at most. */
  readonly maxDevices: number;
  /** Share of mutations that two callers send at once, 0 to 1; each that is repeated has an idempotency key. */
  readonly twice: number;
  /** Share of callbacks sent four times in parallel, 0 to 1. */
  readonly copied: number;
  /** Requests of another tool, whose callbacks come here too. */
  readonly others: number;
  /** At the end: how long nothing may change before what is still open counts as never to come, in milliseconds. */
  readonly stallMs: number;
  /** What happens, a line at a time. */
  readonly say: (line: string) => void;
}

export const CAMPAIGN: Omit<CampaignOptions, 'seed'> = {
  seconds: 40,
  kills: 0,
  endings: ['random', 'random', 'sent', 'answered', 'fsync', 'fsync', 'pwrite64', 'write', 'connect', 'turn', 'power', 'stop'],
  lifeMs: [300, 2_500],
  carrierFaults: CARRIER_FAULTS,
  networkFaults: true,
  clockJumps: true,
  maxDevices: 400,
  twice: 0.2,
  copied: 0.05,
  others: 100,
  stallMs: 10_000,
  say: () => undefined,
};
