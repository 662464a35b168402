import type { ApiKeyStore } from './api-keys.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { CallbackIntake } from './callback-intake.ts';
import type { DeadLetterLog } from './dead-letter-log.ts';
import type { FollowUpLog } from './follow-up-log.ts';
import type { ForwardQueue } from './forward-queue.ts';
import type { Hub } from './hub.ts';
import type { Leases } from './leases.ts';
import type { OutcomeReads } from './outcome-reads.ts';
import type { RequestReads } from './request-reads.ts';
import type { RequestSending } from './request-sending.ts';
import type { StoreHealth } from './store-health.ts';
import type { StoreUpkeep } from './store-upkeep.ts';
import type { UnclaimedLog } from './unclaimed-log.ts';

/** Small facts that must survive a restart, for example the login latch. */
export interface Facts {
  /** Wakes the followers of `factTopic(key)`. */
  remember(key: string, value: string | null): Promise<void>;
  recall(key: string): Promise<string | null>;
}

/** The topic that is woken when a fact is remembered, by whichever gateway on the store. */
export function factTopic(key: string): string {
  return `fact ${key}`;
}

/**
 * The durable truth of the gateway: one append-only log for each Request, and the callbacks that no Request has yet. When a write
 * resolves, its rows are on disk (fsync), and a crash cannot undo it.
 *
 * Nothing above the store knows what it is made of. Each user asks for the parts that it uses, and for no more of them (`PartsOf`).
 */
export interface Store extends AsyncDisposable {
  /** Changes when a backup is restored. A cursor of another epoch is refused. */
  readonly epoch: string;
  /** There was no store at the path: this one was made now, and is empty. */
  readonly isNew: boolean;
  /** Woken after each change, by whichever gateway on the store: `factTopic`, `API_KEYS_TOPIC`, `QUEUE_TOPIC`, `changesTopic`, the id of a Request. */
  readonly hub: Hub;
  readonly requests: RequestReads;
  readonly outcomes: OutcomeReads;
  readonly sending: RequestSending;
  readonly intake: CallbackIntake;
  readonly unclaimed: UnclaimedLog;
  readonly deadLetters: DeadLetterLog;
  readonly followUp: FollowUpLog;
  readonly forwards: ForwardQueue;
  readonly audit: AuditTrail;
  readonly facts: Facts;
  readonly keys: ApiKeyStore;
  readonly leases: Leases;
  readonly upkeep: StoreUpkeep;
  readonly health: StoreHealth;
}

/** A store of which only these methods are used: `PartsOf<{ requests: 'list'; facts: 'recall' | 'remember' }>`. */
export type PartsOf<Wanted extends { readonly [Part in keyof Store]?: keyof Store[Part] }> = {
  readonly [Part in keyof Wanted & keyof Store]: Pick<Store[Part], Wanted[Part] & keyof Store[Part]>;
};
