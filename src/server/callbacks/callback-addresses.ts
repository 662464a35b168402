import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Where the carrier's callbacks come from, as its Callback Services page publishes it. */
export const PUBLISHED_ADDRESSES = [
  '137.117.33.109',
  '168.62.173.153',
  '3.87.163.45',
  '3.91.119.203',
  '54.197.62.209',
  '35.165.205.14',
  '54.200.43.232',
  '34.216.81.234',
] as const;

/** Networks that nobody on the internet has: behind such an address stands a proxy, or a container's own network. */
const PRIVATE_NETWORKS = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
] as const;

/** `published or private`: a sender whose own address cannot be seen is not refused for it. */
export type AddressRule = 'any' | 'published' | 'published or private' | 'listed';

export interface CallbackAddressesOptions {
  /** As configured: `auto`, `any`, or `published`, addresses and networks. */
  readonly allowed: readonly string[];
  /** How many proxies write X-Forwarded-For; 0: the header is anybody's, and not read. */
  readonly proxyHops: number;
  readonly isOnLoopback: boolean;
  readonly publicUrl: string | null;
}

/** Who may deliver callbacks, told by the address a request comes from. */
export class CallbackAddresses {
  readonly rule: AddressRule;
  /** A proxy stands in front: unless it passes the sender's address on as its own, its own is all that is seen, and refused. */
  readonly mayRefuseAll: boolean;
  readonly #proxyHops: number;
  readonly #allowed = new BlockList();

  constructor({ allowed, proxyHops, isOnLoopback, publicUrl }: CallbackAddressesOptions) {
    this.#proxyHops = proxyHops;
    const entries = allowed.includes('auto') ? chooseAutomatically({ proxyHops, isOnLoopback, publicUrl }) : allowed;
    this.rule = ruleOf(entries);
    this.mayRefuseAll = this.rule === 'published' && proxyHops === 0 && (publicUrl?.startsWith('https://') ?? false);
    for (const entry of entries.flatMap(expand)) this.#add(entry);
  }

  /** The address the request counts as coming from; null where the proxies in front do not tell. */
  clientOf(request: Pick<IncomingMessage, 'headers' | 'socket'>): string | null {
    if (this.#proxyHops === 0) return parseAddress(request.socket.remoteAddress ?? '');
    const forwarded = request.headers['x-forwarded-for'];
    // Node joins repeated ones; the type says otherwise.
    const hops = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '')).split(',');
    return parseAddress(removePort(hops.at(-this.#proxyHops)?.trim() ?? ''));
  }

  allows(address: string | null): boolean {
    if (this.rule === 'any') return true;
    return address !== null && this.#allowed.check(address, familyOf(address));
  }

  #add(entry: string): void {
    const [address = '', prefix] = entry.split('/');
    if (prefix === undefined) this.#allowed.addAddress(address, familyOf(address));
    else this.#allowed.addSubnet(address, Number(prefix), familyOf(address));
  }
}

/**
 * This process speaks plain HTTP. An https URL, or a listener on loopback, means a proxy in front whose address is all that
 * is seen; so does a private address where none is known of.
 */
function chooseAutomatically({ proxyHops, isOnLoopback, publicUrl }: Omit<CallbackAddressesOptions, 'allowed'>): readonly string[] {
  if (proxyHops > 0) return ['published'];
  return !isOnLoopback && publicUrl?.startsWith('http://') ? ['published', PRIVATE] : ['any'];
}

const PRIVATE = 'private';

function ruleOf(entries: readonly string[]): AddressRule {
  if (entries.includes('any')) return 'any';
  if (entries.includes(PRIVATE)) return 'published or private';
  return entries.every((entry) => entry === 'published') ? 'published' : 'listed';
}

function expand(entry: string): readonly string[] {
  if (entry === 'any') return [];
  if (entry === 'published') return PUBLISHED_ADDRESSES;
  return entry === PRIVATE ? PRIVATE_NETWORKS : [entry];
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** Some proxies write the port too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function removePort(written: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(written)?.[1] ?? /^([\d.]+):\d+$/.exec(written)?.[1] ?? written;
}

/** An address, its zone left out; null where it is none. IPv4 in IPv6's clothes (`::ffff:192.0.2.1`) a BlockList knows itself. */
function parseAddress(written: string): string | null {
  const address = written.replace(/%.*$/, '');
  return isIP(address) === 0 ? null : address;
}
