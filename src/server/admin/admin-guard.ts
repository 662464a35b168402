import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { hostName } from '../host.ts';
import type { AdminReply } from './admin-routes.ts';

/** What monitoring asks, perhaps under a name of its own; it says nothing of accounts or devices. */
const MONITORED = /^GET \/(?:health\/live|health\/ready|metrics)$/;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whoever reaches the admin door may give commands, and make API keys: so only this machine does, over loopback, whatever
 * address the door is bound to. Monitoring may come from elsewhere.
 *
 * @param what method and path.
 */
export function refuseStranger(request: IncomingMessage, what: string): AdminReply | null {
  const { remoteAddress = '', remoteFamily } = request.socket;
  // An IPv4 address on an IPv6 listener (::ffff:127.0.0.1) is found too.
  if (MONITORED.test(what) || LOOPBACK.check(remoteAddress, remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4')) return null;
  return {
    status: 403,
    body: {
      error: 'FORBIDDEN',
      message:
        'Commands to the admin listener are taken over loopback only: run them on the machine (or in the container) of the gateway, with M2M_ADMIN_HOST=127.0.0.1 or 0.0.0.0.',
    },
  };
}

/**
 * The admin door knows no callers, and any page in a browser on this machine can send requests to it: a page's carries its
 * `Origin`, or, by DNS rebinding, a `Host` that is the page's own name. No command of the command line has either.
 *
 * @param what method and path.
 */
export function refuseWebPage(request: IncomingMessage, what: string): AdminReply | null {
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
