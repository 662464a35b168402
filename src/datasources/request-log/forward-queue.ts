/** One account and service. The messages of a lane are forwarded one after the other, in the order they came. */
export interface ForwardLane {
  readonly account: string;
  readonly service: string;
}

/** A copy of a callback for the listener that was registered before us. */
export interface ForwardCopy {
  /** Null for a message that could be read. Its body is JSON, without the username and password of a registration. */
  readonly contentType: string | null;
  /** The codings that are still on `body`. */
  readonly contentEncoding?: string | null;
  readonly body: Uint8Array;
}

export interface WaitingForward extends ForwardCopy {
  readonly id: string;
  readonly receivedAt: number;
}

/** Keeps copies until the previous listener has taken them. `CallbackIntake` adds them. */
export interface ForwardQueue {
  /** The lanes in which copies wait. */
  forwardLanes(): Promise<readonly ForwardLane[]>;
  /** The first copies of a lane, oldest first: at most `limit`, and about a megabyte. */
  forwards(lane: ForwardLane, limit: number): Promise<readonly WaitingForward[]>;
  /** Adds copies that waited in another store. When no more may wait, they are left out. */
  addForwards(lane: ForwardLane, copies: readonly (ForwardCopy & { readonly receivedAt: number })[]): Promise<void>;
  /** Removes copies that were delivered or given up. */
  discardForwards(lane: ForwardLane, ids: readonly string[]): Promise<void>;
  /** How many copies wait, and when the oldest of them came (null when none waits). */
  forwardBacklog(): Promise<{ readonly rows: number; readonly oldestAt: number | null }>;
}

/** The hub's topic for new copies in a lane. */
export function forwardTopic({ account, service }: ForwardLane): string {
  return `forward ${account} ${service}`;
}
