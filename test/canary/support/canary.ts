import { createHash } from 'node:crypto';

/** Where a marker may come to light. The store is two places: with M2M_STORE_KEYS, and with M2M_STORE_PLAINTEXT=on. */
export const PLACES = ['output', 'metrics', 'admin', 'refusals', 'owner', 'reader', 'sealed store', 'plain store', 'spans'] as const;
export type Place = (typeof PLACES)[number];

/**
 * What a marker stands for, with the places where it may be seen. `owner` is a caller with every scope and grant, `reader`
 * one who may only read; `refusals` are errors told to anybody; `spans` are all spans that an SDK of OpenTelemetry is given; `output` is stdout and stderr of every process.
 */
export const CLASSES = {
  /** Tokens, keys and passwords, ours and those that somebody tried. */
  password: [],
  /** The user names beside them. */
  'login name': [],
  /** Credentials and activation codes of devices. */
  'device secret': ['owner', 'plain store'],
  /** Names, addresses, and what else a mutation says of a customer. */
  personal: ['plain store'],
  /** What a callback says beside that. */
  message: ['owner', 'plain store'],
  /** What was refused, or is of no meaning here. */
  protocol: [],
  /** A caller's own name for something: it is found by it. */
  reference: ['owner', 'reader', 'admin', 'sealed store', 'plain store'],
  /** Identifiers of devices, names of accounts: a pseudonym in the log, clear elsewhere. */
  pseudonymous: ['owner', 'reader', 'admin', 'refusals', 'sealed store', 'plain store'],
} as const satisfies Record<string, readonly Place[]>;
export type CanaryClass = keyof typeof CLASSES;

/** The test that sends it. */
export type Run = 'trips' | 'refusals' | 'faults' | 'crashes' | 'database' | 'configuration';

/**
 * How it is known to have gone in: the carrier heard it from the gateway, or said it in an answer that was read; the listener
 * of another tool got it; a caller with the grants was shown it; the gateway answered what held it.
 */
export type Witness = 'carrier heard' | 'carrier said' | 'listener got' | 'owner saw' | 'gateway answered';

export interface Canary {
  readonly class: CanaryClass;
  /** Where it goes in. */
  readonly into: string;
  readonly run: Run;
  readonly seen: Witness;
  /** Places beside those of its class. */
  readonly may: readonly Place[];
  /** As it stands in its field; null where it is only known once the gateway runs. */
  readonly value: string | null;
  /** What is sought: each piece is enough. */
  readonly pieces: readonly Buffer[];
}

/** Letters and digits that nobody has written before, the same in every run. */
export function coreOf(name: string): string {
  const letters = digestOf(name)
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, '');
  return `q${letters.slice(0, 15)}`;
}

export function digitsOf(name: string, count: number): string {
  return BigInt(`0x${digestOf(name).toString('hex')}`)
    .toString()
    .slice(0, count);
}

export function digestOf(name: string): Buffer {
  return createHash('sha256').update(`canary ${name}`).digest();
}

/** Both halves: what was cut short is found too. */
export function halves(text: string | Buffer): Buffer[] {
  const bytes = Buffer.from(text);
  const middle = Math.ceil(bytes.length / 2);
  return bytes.length < 16 ? [bytes] : [bytes.subarray(0, middle), bytes.subarray(middle)];
}
