/** How long a client of an HTTP door may take, in milliseconds. */
export interface HttpTimeouts {
  readonly headersMs: number;
  readonly requestMs: number;
  /** Longer than 60 seconds, for which a proxy keeps an idle connection: the proxy must not send into a connection that we close. */
  readonly keepAliveMs: number;
  /** How often the limits are checked. With Node's own 30 seconds a limit of 10 seconds could last for 40. */
  readonly enforceEveryMs: number;
}

export function toServerOptions(requestMs: number, given: Partial<HttpTimeouts> = {}) {
  const timeouts: HttpTimeouts = { headersMs: 10_000, requestMs, keepAliveMs: 75_000, enforceEveryMs: 1_000, ...given };
  return {
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionsCheckingInterval: timeouts.enforceEveryMs,
  };
}
