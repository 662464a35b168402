/** Where callers and subscribers reach a gateway. */
export interface Door {
  readonly graphql: string;
  readonly websocket: string;
  /** Resolves when the gateway behind it is gone; never when there are several. */
  readonly exited: Promise<unknown>;
}

/** What stands at the place that callers, subscribers and the carrier know. */
export interface Doors {
  /** The door, once there is one. */
  up(): Promise<Door>;
  readonly isUp: boolean;
}
