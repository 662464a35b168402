import type { IncomingMessage } from 'node:http';

/** The name or address in the request's `Host`, without port and brackets; null where it has none that can be read. */
export function hostName({ headers: { host } }: IncomingMessage): string | null {
  if (host === undefined || !URL.canParse(`http://${host}`)) return null;
  return new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * Whether the request was meant for this gateway: its `Host` is one of `hosts`, whatever the port. A page of a foreign site
 * can have its own name resolve to this machine (DNS rebinding) and would then be of the same origin as the gateway; the
 * name in `Host` still is its own.
 */
export function isKnownHost(hosts: readonly string[], request: IncomingMessage): boolean {
  const name = hostName(request);
  return name !== null && hosts.includes(name);
}
