import type { IncomingMessage } from 'node:http';

/** The name or address in the request's `Host`, without port and brackets; null where it has none that can be read. */
export function hostName({ headers: { host } }: IncomingMessage): string | null {
  if (host === undefined || !URL.canParse(`http://${host}`)) return null;
  return new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1');
}
