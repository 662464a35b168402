/** What only one gateway on a store does at a time, and in one gateway only one piece of work at a time. */
export type LeaseName =
  /** Sending, asking the carrier about silent devices, forwarding: whatever one gateway does for all. */
  'carrier-work' | 'login' | 'registrations' | 'callback-generation' | 'api-keys' | 'purge' | 'reseal' | `retry ${string}`;

/** The right to do one thing, while nobody else may. */
export interface Lease {
  /** Grows from one holder of the name to the next. A step of sending that is given an older one is refused. */
  readonly token: number;
  /** Aborted when the right is over: the work has ended, or lost its right before that and must stop. Somebody else may do it now. */
  readonly over: AbortSignal;
}

/** Who may do what, among all gateways on a store. */
export interface Leases {
  /**
   * Runs `work` when nobody else holds the name. Those that wait take turns. Settles as `work` does.
   *
   * @param signal ends the waiting, but not the work. Then this rejects with its reason.
   */
  during<Result>(name: LeaseName, work: (lease: Lease) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}
