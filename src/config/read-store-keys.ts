import { readFileSync } from 'node:fs';
import { isStoreKey } from './config-variables.ts';
import type { Config } from './config.ts';
import { GatewayError } from '../errors.ts';
import { fingerprint } from '../lib/fingerprint.ts';

/**
 * The keys of the store, 32 bytes each. The first one seals. A file holds one key on each line.
 *
 * @throws GatewayError CONFIG_INVALID that names the file and the line, and never repeats the line.
 */
export function readStoreKeys({ storeKeys, storeKeysFile }: Pick<Config, 'storeKeys' | 'storeKeysFile'>): readonly Uint8Array[] {
  const written = storeKeys ?? (storeKeysFile === null ? [] : readKeyFile(storeKeysFile));
  const keys = written.map((key) => Buffer.from(key, 'base64'));
  refuseSharedId(keys);
  return keys;
}

/** A row names its key by the fingerprint of the key. Two keys with one fingerprint could not be told apart. */
function refuseSharedId(keys: readonly Buffer[]): void {
  for (const [at, key] of keys.entries()) {
    const other = keys.findIndex((each) => fingerprint(each) === fingerprint(key) && !each.equals(key));
    if (other > at)
      throw new GatewayError(
        'CONFIG_INVALID',
        `Keys ${at + 1} and ${other + 1} of the store have the same id (${fingerprint(key)}), so its rows could not tell them apart. Make another key in place of the new one: openssl rand -base64 32`,
      );
  }
}

function readKeyFile(file: string): readonly string[] {
  const unusableError = (why: string) => new GatewayError('CONFIG_INVALID', `M2M_STORE_KEYS_FILE=${file} is not usable: ${why}.`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw unusableError(`it cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const lines = text.split('\n').map((line) => line.trim());
  const wrong = lines.findIndex((line) => line !== '' && !isStoreKey(line));
  if (wrong >= 0) throw unusableError(`line ${wrong + 1} is not a key of 32 bytes as base64 (openssl rand -base64 32)`);
  const keys = lines.filter((line) => line !== '');
  if (keys.length === 0) throw unusableError('it holds no key. Write one to it: openssl rand -base64 32');
  return keys;
}
