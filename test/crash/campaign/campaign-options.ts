/** How a life of the gateway ends. */
export const ENDINGS = [
  /** kill -9 after some time, whatever it does. */
  'random',
  /** kill -9 when the carrier has performed a POST and not yet answered it. */
  'sent',
  /** kill -9 when the carrier has just written its answer to a POST. */
  'answered',
  /** Killed as it enters its n-th fsync, write to the store's files, write to a socket, connect, or wait for events. */
  'fsync',
  'pwrite64',
  'write',
  'connect',
  'turn',
  /** Killed as it enters its n-th fsync. Everything that was written to the store's files and not synced is lost. */
  'power',
  /** SIGTERM. The gateway must end by itself, with exit code 0. */
  'stop',
] as const;

export type Ending = (typeof ENDINGS)[number];

export const TRACED_ENDINGS: ReadonlySet<Ending> = new Set(['fsync', 'pwrite64', 'write', 'connect', 'turn', 'power']);

/** The carrier is slow, hangs up before it reads or before its answer is whole, answers 429, 5xx or unreadable bytes, or its tokens die. */
export const CARRIER_FAULTS = ['slow', 'unread', 'cut', 'limiting', 'failing', 'garbled', 'bearer', 'session'] as const;

export type CarrierFault = (typeof CARRIER_FAULTS)[number];

export interface CampaignOptions {
  /** Unsigned 32-bit. The faults repeat with it, as far as two processes and a scheduler allow. */
  readonly seed: number;
  /** How long the load lasts, in seconds. Settling and the audit come after it. */
  readonly seconds: number;
  /** The load lasts until so many lives were killed. */
  readonly kills: number;
  /** The folder whose `src/main.ts` runs. By default this project. */
  readonly folder?: string | undefined;
  /** Ways to end a life, drawn at random. A way that is listed twice comes twice as often. */
  readonly endings: readonly Ending[];
  /** How long a life is left alone after it begins to listen, in milliseconds: from, to. */
  readonly lifeMs: readonly [min: number, max: number];
  /** Faults of the carrier. A fault that is listed twice comes twice as often. */
  readonly carrierFaults: readonly CarrierFault[];
  /** Resets and frozen connections, to the carrier and from it. */
  readonly networkFaults: boolean;
  /** Jumps of the gateway's wall clock. They need libfaketime. */
  readonly clockJumps: boolean;
  /** The most devices of one mutation. */
  readonly maxDevices: number;
  /** Share of mutations that two callers send at once, 0 to 1. These have an idempotency key. */
  readonly twice: number;
  /** Share of callbacks sent four times in parallel, 0 to 1. */
  readonly copied: number;
  /** How many requests another tool makes. Their callbacks come here too. */
  readonly others: number;
  /** At the end: after so many milliseconds without a change, everything that is still open counts as missing. */
  readonly stallMs: number;
  /** Called with a line for each thing that happens. */
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
