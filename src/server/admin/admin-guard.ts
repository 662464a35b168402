import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { hostName } from '../host.ts';
import type { AdminReply } from './admin-routes.ts';

/** The paths of monitoring, which may know the gateway by any name. They tell nothing about accounts or devices. */
const MONITORED = /^GET \/(?:health\/live|health\/ready(?:\/callbacks)?|metrics)$/;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Refuses commands from other machines. Whoever reaches the admin door can give commands and make API keys. So it takes them only
 * over loopback, whatever address the door is bound to. Monitoring may come from elsewhere.
 *
 * @param what method and path.
 */
export function refuseStranger(request: IncomingMessage, what: string): AdminReply | null {
  const { remoteAddress = '', remoteFamily } = request.socket;
  // The BlockList also knows an IPv4 address on an IPv6 listener (::ffff:127.0.0.1).
  if (MONITORED.test(what) || LOOPBACK.check(remoteAddress, remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4')) return null;
  return refuse(
    403,
    'FORBIDDEN',
    'The admin listener takes commands over loopback only. Run them on the machine (or in the container) of the gateway, with M2M_ADMIN_HOST=127.0.0.1 or 0.0.0.0.',
  );
}

/**
 * Refuses requests of web pages. The admin door does not authenticate, and any page in a browser on this machine can send requests
 * to it. Such a request has an `Origin` or, with DNS rebinding, a `Host` with the page's own name. The command line sends neither.
 *
 * @param what method and path.
 */
export function refuseWebPage(request: IncomingMessage, what: string): AdminReply | null {
  if (request.headers.origin !== undefined)
    return refuse(403, 'FORBIDDEN', 'The admin listener takes no requests of web pages, which carry an Origin.');
  if (MONITORED.test(what)) return null;
  const name = hostName(request);
  if (name !== null && (name === 'localhost' || isIP(name) !== 0)) return null;
  return refuse(421, 'MISDIRECTED', 'Send commands to the address of the admin listener or to localhost, and not to another name.');
}

function refuse(status: number, error: string, message: string): AdminReply {
  return { status, body: { error, message } };
}
