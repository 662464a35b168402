import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostName } from './host-name.ts';

/** What monitoring asks, perhaps under a name of its own; it says nothing of accounts or devices. */
const MONITORED = /^GET \/(?:health\/live|health\/ready|metrics)$/;

export interface AdminRefusal {
  readonly status: 403 | 421;
  readonly body: { readonly error: string; readonly message: string };
}

/**
 * The admin door knows no callers, and any page in a browser on this machine can send requests to it: a page's carries its
 * `Origin`, or, by DNS rebinding, a `Host` that is the page's own name. No command of the command line has either.
 *
 * @param what method and path.
 */
export function refuseWebPage(request: IncomingMessage, what: string): AdminRefusal | null {
  if (request.headers.origin !== undefined)
    return {
      status: 403,
      body: { error: 'FORBIDDEN', message: 'The admin listener takes no requests of web pages (they carry an Origin).' },
    };
  if (MONITORED.test(what)) return null;
  const name = hostName(request);
  if (name !== null && (name === 'localhost' || isIP(name) !== 0)) return null;
  return {
    status: 421,
    body: { error: 'MISDIRECTED', message: 'Commands to the admin listener go to its address or to localhost, not to another name.' },
  };
}
