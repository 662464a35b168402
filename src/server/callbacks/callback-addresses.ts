import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';

/** The addresses that the carrier sends callbacks from, as its Callback Services page publishes them. */
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

/** Private networks. Such an address is that of a proxy, or of a container network. */
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

/** `published or private` also takes a sender whose own address is hidden behind a proxy or a container network. */
export type AddressRule = 'any' | 'published' | 'published or private' | 'listed';

export interface CallbackAddressesOptions {
  /** The configured value: `auto`, `any`, or a list of `published`, addresses and networks. */
  readonly allowed: readonly string[];
  /** How many proxies write X-Forwarded-For. With 0 the header is not read, because anybody can write it. */
  readonly proxyHops: number;
  readonly isOnLoopback: boolean;
  readonly publicUrl: string | null;
}

/** Decides who may deliver callbacks, by the address that a request comes from. */
export class CallbackAddresses {
  readonly rule: AddressRule;
  /** Whether a proxy in front may cause every callback to be refused. It does so unless it keeps the address of the sender. */
  readonly mayRefuseAll: boolean;
  readonly #proxyHops: number;
  readonly #allowed = new BlockList();

  constructor({ allowed, proxyHops, isOnLoopback, publicUrl }: CallbackAddressesOptions) {
    this.#proxyHops = proxyHops;
    const entries = allowed.includes('auto') ? chooseAutomatically({ proxyHops, isOnLoopback, publicUrl }) : allowed;
    this.rule = ruleOf(entries);
    this.mayRefuseAll = this.rule === 'published' && proxyHops === 0 && (publicUrl?.startsWith('https://') ?? false);
    for (const entry of entries.flatMap(expand)) {
      const [address = '', prefix] = entry.split('/');
      if (prefix === undefined) this.#allowed.addAddress(address, familyOf(address));
      else this.#allowed.addSubnet(address, Number(prefix), familyOf(address));
    }
  }

  /** The address of the sender. Null if the proxies in front do not tell it. */
  clientOf(request: Pick<IncomingMessage, 'headers' | 'socket'>): string | null {
    if (this.#proxyHops === 0) return parseAddress(request.socket.remoteAddress ?? '');
    const forwarded = request.headers['x-forwarded-for'];
    // Node joins repeated headers, although its type allows an array.
    const hops = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '')).split(',');
    return parseAddress(removePort(hops.at(-this.#proxyHops)?.trim() ?? ''));
  }

  /** Whether a connection may be taken. Behind proxies they all come from the proxies, and only the header of a request tells more. */
  mayConnect(socket: Pick<Socket, 'remoteAddress'>): boolean {
    return this.#proxyHops > 0 || this.allows(parseAddress(socket.remoteAddress ?? ''));
  }

  allows(address: string | null): boolean {
    if (this.rule === 'any') return true;
    return address !== null && this.#allowed.check(address, familyOf(address));
  }
}

/**
 * This process speaks plain HTTP. So an https URL, or a listener on loopback, means that a proxy stands in front, and that we see
 * only its address. Without these signs a private address may still be that of a proxy.
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

/** Some proxies also write the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function removePort(written: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(written)?.[1] ?? /^([\d.]+):\d+$/.exec(written)?.[1] ?? written;
}

/** The address without its zone, null if it is no address. A BlockList itself knows IPv4 addresses in IPv6 form (`::ffff:192.0.2.1`). */
function parseAddress(written: string): string | null {
  const address = written.replace(/%.*$/, '');
  return isIP(address) === 0 ? null : address;
}
