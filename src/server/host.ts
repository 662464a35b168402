import type { IncomingMessage } from 'node:http';

/** Names and origins that are taken beside those of the configuration. The sandbox takes those of this machine. */
export interface Neighbours {
  readonly isHost: (name: string) => boolean;
  readonly isOrigin: (origin: string) => boolean;
}

/** The name or address in `Host`, without port and brackets. Null if there is none, or none that can be read. */
export function hostName({ headers: { host } }: IncomingMessage): string | null {
  if (host === undefined || !URL.canParse(`http://${host}`)) return null;
  return new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * Whether the request is meant for this gateway: its `Host` is one of `hosts`, with any port. A foreign site can make its own name
 * resolve to this machine (DNS rebinding). Its page then has the same origin as the gateway, but `Host` still names the site.
 */
export function isKnownHost(hosts: readonly string[], neighbours: Neighbours | null, request: IncomingMessage): boolean {
  const name = hostName(request);
  return name !== null && (hosts.includes(name) || (neighbours?.isHost(name) ?? false));
}
