import type { Store } from '../datasources/request-log/store.ts';
import type { NextTurn } from '../datasources/request-log/stored-request.ts';
import type { Loaders } from './loaders.ts';
import type { Production } from './production.ts';
import type { Caller, Identity } from '../resolvers/access/caller.ts';
import type { CarrierReader } from '../resolvers/carrier/carrier-reader.ts';
import type { DeviceGroups } from '../resolvers/carrier/device-groups.ts';
import type { DeadLetters } from '../resolvers/callbacks/redrive-dead-letters.ts';
import type { ChangesFeed } from '../resolvers/requests/follow-changes.ts';
import type { RequestFeed } from '../resolvers/requests/follow-request.ts';
import type { RequestManager } from '../resolvers/requests/manage-request.ts';
import type { RequestSender } from '../resolvers/requests/request-sender.ts';
import type { RequestSubmitter } from '../resolvers/requests/submit-request.ts';
import type { Timelines } from '../resolvers/requests/timeline.ts';

/** How much one caller may ask for. */
export interface CallerLimits {
  readonly operationsPerMinute: number;
  readonly mutationsPerMinute: number;
  readonly maxCost: number;
  readonly sockets: number;
  readonly subscriptions: number;
  readonly queuedRequests: number;
  readonly bodyBytes: number;
}

/** Given to every resolver: the caller, the parts that decide, and the loaders and the count of one execution. */
export interface GraphContext {
  /** The caller's rights now. Each mutation of an operation reads them again. An event uses those from its beginning. */
  readonly caller: Caller;
  readonly identity: Identity;
  /** Aborts when the connection of the client has ended. What is open for it then ends too. */
  readonly gone: AbortSignal;
  /** Lists are read in turns of the caller, so that others wait for none of them. It rejects when the client has gone. */
  readonly nextTurn: NextTurn;
  readonly store: Pick<Store, 'epoch' | 'requests' | 'outcomes' | 'unclaimed' | 'deadLetters' | 'audit'>;
  readonly submitter: RequestSubmitter;
  readonly sender: RequestSender;
  readonly manager: RequestManager;
  readonly deadLetters: DeadLetters;
  readonly carrier: CarrierReader;
  readonly deviceGroups: DeviceGroups;
  readonly feed: RequestFeed;
  readonly changes: ChangesFeed;
  readonly timelines: Timelines;
  /** The billing accounts that this gateway serves. */
  readonly accounts: readonly string[];
  readonly limits: CallerLimits;
  readonly loaders: Loaders;
  readonly production: Production;
  /** The id of the last event that the client of an event stream has seen: the cursor of that event. */
  readonly lastEventId: string | null;
}
