import type { IncomingMessage } from 'node:http';

/**
 * Whether the request was meant for this gateway: its `Host` is one of `hosts`, whatever the port. A page of a foreign site
 * can have its own name resolve to this machine (DNS rebinding) and would then be of the same origin as the gateway; the
 * name in `Host` still is its own.
 */
export function isKnownHost(hosts: readonly string[], request: IncomingMessage): boolean {
  const { host } = request.headers;
  if (host === undefined || !URL.canParse(`http://${host}`)) return false;
  return hosts.includes(new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1'));
}
