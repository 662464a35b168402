import { VARIABLES } from '../../src/config/config-variables.ts';
import { GatewayError } from '../../src/errors.ts';
import { readStoreKeys } from '../../src/config/read-store-keys.ts';

/** The store's keys of an environment in which nothing else need be set: a backup is verified anywhere. */
export function keysOf(env: Readonly<Record<string, string | undefined>>): readonly Uint8Array[] {
  const { storeKeys, storeKeysFile } = VARIABLES;
  const written = env[storeKeys.name];
  if (!written) return readStoreKeys({ storeKeys: null, storeKeysFile: env[storeKeysFile.name] || null });
  const parsed = storeKeys.parse.safeParse(written);
  if (!parsed.success) throw new GatewayError('CONFIG_INVALID', `${storeKeys.name} ${parsed.error.issues[0]?.message ?? 'is not usable'}.`);
  return readStoreKeys({ storeKeys: parsed.data, storeKeysFile: null });
}
