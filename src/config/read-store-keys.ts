import { readFileSync } from 'node:fs';
import { isStoreKey } from './config-variables.ts';
import type { Config } from './config.ts';
import { GatewayError } from '../errors.ts';
import { fingerprint } from '../lib/fingerprint.ts';

/**
 * The keys of the store, 32 bytes each, the one that seals first; none where none is configured. In a file they stand one a line.
 *
 * @throws GatewayError CONFIG_INVALID naming the file and the line, never what stands there.
 */
export function readStoreKeys({ storeKeys, storeKeysFile }: Pick<Config, 'storeKeys' | 'storeKeysFile'>): readonly Uint8Array[] {
  const written = storeKeys ?? (storeKeysFile === null ? [] : keysIn(storeKeysFile));
  const keys = written.map((key) => Buffer.from(key, 'base64'));
  refuseSharedId(keys);
  return keys;
}

/** Rows name their key by its fingerprint: of two with the same one neither would be known to be the right one. */
function refuseSharedId(keys: readonly Buffer[]): void {
  for (const [at, key] of keys.entries()) {
    const other = keys.findIndex((each) => fingerprint(each) === fingerprint(key) && !each.equals(key));
    if (other > at)
      throw new GatewayError(
        'CONFIG_INVALID',
        `Keys ${at + 1} and ${other + 1} of the store are two that have one id (${fingerprint(key)}): its rows could not tell them apart. Make another in place of the new one: openssl rand -base64 32`,
      );
  }
}

function keysIn(file: string): readonly string[] {
  const lines = read(file)
    .split('\n')
    .map((line) => line.trim());
  const wrong = lines.findIndex((line) => line !== '' && !isStoreKey(line));
  if (wrong >= 0) throw unusable(file, `line ${wrong + 1} is not a key of 32 bytes as base64 (openssl rand -base64 32)`);
  const keys = lines.filter((line) => line !== '');
  if (keys.length === 0) throw unusable(file, 'it holds no key. Write one to it: openssl rand -base64 32');
  return keys;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unusable(file, `it cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function unusable(file: string, why: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `M2M_STORE_KEYS_FILE=${file} is not usable: ${why}.`);
}
