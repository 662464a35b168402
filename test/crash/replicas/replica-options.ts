import type { CampaignOptions, CarrierFault } from '../campaign/campaign-options.ts';
import type { ReplicaFault } from './replica-faults.ts';

export interface ReplicaCampaignOptions extends Pick<
  CampaignOptions,
  'seed' | 'seconds' | 'kills' | 'folder' | 'maxDevices' | 'twice' | 'copied' | 'stallMs' | 'say'
> {
  readonly replicas: number;
  /** One round of faults. Rounds follow each other, each ends with a rolling restart. */
  readonly faults: readonly ReplicaFault[];
  /** How long a replica is stopped: longer than the 10 s after which another one takes its work. */
  readonly freezeMs: number;
  /** Whether a standby is there, to take the place of the database once. */
  readonly standby: boolean;
  /** The most activations that are asked for; beyond 95 in a minute they wait. */
  readonly mostActivations: number;
  readonly carrierFaults: readonly CarrierFault[];
}

const SHORT_S = 30;

/** A campaign of less than half a minute has one round without a standby, and asks for no more than the carrier takes in a minute. */
export function replicaCampaign(seconds: number): Omit<ReplicaCampaignOptions, 'seed' | 'replicas'> {
  const isShort = seconds < SHORT_S;
  return {
    seconds,
    kills: 0,
    faults: ['kill', 'freeze', 'cut', 'half-open', 'refuse', 'database', 'session', ...(isShort ? [] : (['kill', 'kill'] as const))],
    freezeMs: isShort ? 11_500 : 30_000,
    standby: !isShort,
    mostActivations: isShort ? 80 : Number.POSITIVE_INFINITY,
    carrierFaults: ['slow', 'unread', 'cut', 'limiting', 'failing', 'garbled'],
    maxDevices: isShort ? 60 : 400,
    twice: 0.2,
    copied: 0.1,
    // What waits for the carrier's limit moves only once in a minute.
    stallMs: isShort ? 15_000 : 75_000,
    say: () => undefined,
  };
}
