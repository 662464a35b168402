/** Messages of one account and service: forwarded one after the other, in the order they came. */
export interface ForwardLane {
  readonly account: string;
  readonly service: string;
}

/** A copy of a callback for the listener that was registered before us. */
export interface ForwardCopy {
  /** Null for a message that was read: its body is JSON, without the username and password of any registration. */
  readonly contentType: string | null;
  readonly body: Uint8Array;
}

export interface WaitingForward extends ForwardCopy {
  readonly id: string;
  readonly receivedAt: number;
}

/** The part of the log that keeps copies for the previous listener until it has taken them. `append` and `keep` put them in. */
export interface ForwardQueue {
  /** Lanes in which a copy waits. */
  forwardLanes(): Promise<readonly ForwardLane[]>;
  /** The first copies of a lane, `limit` at most and about a megabyte, oldest first. */
  forwards(lane: ForwardLane, limit: number): Promise<readonly WaitingForward[]>;
  /** Removes copies that were taken, or given up. */
  discardForwards(lane: ForwardLane, ids: readonly string[]): Promise<void>;
  /** Copies that wait, and when the oldest of them came; null when none waits. */
  forwardBacklog(): Promise<{ readonly rows: number; readonly oldestAt: number | null }>;
}

/** The hub's topic for new copies in a lane. */
export function forwardTopic({ account, service }: ForwardLane): string {
  return `forward ${account} ${service}`;
}
