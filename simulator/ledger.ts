/** One POST of an action as it reached the carrier, performed or not. */
export interface ActionPost {
  readonly endpoint: string;
  readonly path: string;
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Value that stands for each device of the body: its ICCID, else its first identifier. */
  readonly devices: readonly string[];
  /** Set once the action was performed, even if no answer left. */
  requestId?: string;
  /** Status of the answer; absent when the connection was cut before one. */
  status?: number;
}

/** One attempt to deliver a callback. */
export interface CallbackAttempt {
  readonly account: string;
  readonly service: string;
  readonly requestId: string;
  readonly url: string;
  /** Its text, without what an unkindness puts around it. */
  readonly body: string;
  /** The `callbackCount` sent. */
  readonly attempt: number;
  readonly sentAt: number;
  answeredAt?: number;
  /** Status of the listener's answer. */
  status?: number;
  /** Why there was no answer. */
  error?: string;
}

/** A callback that was never sent. */
export interface LostCallback {
  readonly account: string;
  readonly service: string;
  readonly requestId: string;
  readonly reason: 'no listener' | 'withheld';
  readonly at: number;
}

/** Totals that are kept in both modes. */
export interface LedgerCounts {
  /** Requests by endpoint, whatever their answer. */
  calls: Record<string, number>;
  loginsRefused: number;
  devicesPosted: number;
  callbacksSent: number;
  callbacksAcknowledged: number;
  callbacksRefused: number;
  callbacksLost: number;
}

const noCounts = (): LedgerCounts => ({
  calls: {},
  loginsRefused: 0,
  devicesPosted: 0,
  callbacksSent: 0,
  callbacksAcknowledged: 0,
  callbacksRefused: 0,
  callbacksLost: 0,
});

/** What the carrier saw and sent. In mode `counts` only {@link Ledger.counts} is kept. */
export class Ledger {
  readonly full: boolean;
  counts: LedgerCounts = noCounts();
  posts: ActionPost[] = [];
  callbacks: CallbackAttempt[] = [];
  lost: LostCallback[] = [];
  #waiting: { met: (ledger: Ledger) => boolean; resolve: () => void }[] = [];

  constructor(mode: 'full' | 'counts') {
    this.full = mode === 'full';
  }

  /** How often each device was posted, optionally to one action only. Keys as {@link ActionPost.devices}. Needs mode `full`. */
  postsPerDevice(endpoint?: string): Map<string, number> {
    return this.#perDevice((post) => endpoint === undefined || post.endpoint === endpoint);
  }

  /** As {@link postsPerDevice}, counting only the posts that the carrier performed. */
  performedPerDevice(endpoint?: string): Map<string, number> {
    return this.#perDevice((post) => post.requestId !== undefined && (endpoint === undefined || post.endpoint === endpoint));
  }

  /** Resolves once `met` is true. It is asked again after every change. */
  until(met: (ledger: Ledger) => boolean): Promise<void> {
    if (met(this)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ met, resolve }));
  }

  /** Forgets everything so far. */
  clear(): void {
    this.counts = noCounts();
    this.posts = [];
    this.callbacks = [];
    this.lost = [];
  }

  countCall(endpoint: string): void {
    this.counts.calls[endpoint] = (this.counts.calls[endpoint] ?? 0) + 1;
    this.changed();
  }

  addPost(post: ActionPost): void {
    if (this.full) this.posts.push(post);
    this.changed();
  }

  addAttempt(attempt: CallbackAttempt): void {
    this.counts.callbacksSent += 1;
    if (this.full) this.callbacks.push(attempt);
    this.changed();
  }

  addLost(lost: LostCallback): void {
    this.counts.callbacksLost += 1;
    if (this.full) this.lost.push(lost);
    this.changed();
  }

  /** To be called after a record or a count was changed in place. Those that wait look again. */
  changed(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter(({ met, resolve }) => {
      const done = met(this);
      if (done) resolve();
      return !done;
    });
  }

  #perDevice(counts: (post: ActionPost) => boolean): Map<string, number> {
    const perDevice = new Map<string, number>();
    for (const post of this.posts) {
      if (!counts(post)) continue;
      for (const device of post.devices) perDevice.set(device, (perDevice.get(device) ?? 0) + 1);
    }
    return perDevice;
  }
}
