import type { IncomingMessage } from 'node:http';
import { hostName } from './host-name.ts';

/**
 * Whether the request was meant for this gateway: its `Host` is one of `hosts`, whatever the port. A page of a foreign site
 * can have its own name resolve to this machine (DNS rebinding) and would then be of the same origin as the gateway; the
 * name in `Host` still is its own.
 */
export function isKnownHost(hosts: readonly string[], request: IncomingMessage): boolean {
  const name = hostName(request);
  return name !== null && hosts.includes(name);
}
