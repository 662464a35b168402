import type { Config } from '../config/config.ts';
import type { PartsOf, Store } from '../datasources/request-log/store.ts';
import { CallbackGeneration } from '../resolvers/callbacks/callback-generation.ts';
import { CallbackPaths } from '../resolvers/callbacks/callback-paths.ts';
import type { SharedParts } from './shared-parts.ts';

/** Our callback paths, and the generation of them that is in force. */
export async function loadCallbackPaths(
  config: Config,
  {
    store,
    now,
    undo,
    logger,
  }: Pick<SharedParts, 'now' | 'undo'> & Partial<Pick<SharedParts, 'logger'>> & { readonly store: GenerationStore },
) {
  const { accounts, callbackSecret: secret, callbackPreviousSecret: previousSecret } = config;
  const onFailure = (error: unknown) => logger?.error('callback_generation_not_read', { error });
  const generation = undo.use(await CallbackGeneration.load({ store, now, onFailure }));
  return { generation, paths: new CallbackPaths({ accounts, secret, previousSecret, generation }) };
}

type GenerationStore = PartsOf<{ facts: 'recall' | 'remember' }> & Pick<Store, 'leases' | 'hub'>;

/** Both or none: the configuration refuses one without the other. */
export function credentialsOf(username: string | null, password: string | null) {
  return username !== null && password !== null ? { username, password } : null;
}
