import type { Config } from '../../config/config.ts';
import type { Store } from '../../datasources/request-log/store.ts';
import { ForwardTargets } from '../../resolvers/callbacks/forward-targets.ts';
import { CallbackReceiver } from '../../resolvers/callbacks/receive-callback.ts';
import { credentialsOf } from '../load-callback-paths.ts';

/** Builds what reads a callback and stores it: for the callback door, and for dead letters that are tried again. */
export function buildReceiver(
  config: Config,
  { store, now }: { readonly store: Pick<Store, 'intake' | 'deadLetters'>; readonly now: () => number },
): CallbackReceiver {
  const targets = new ForwardTargets(config.callbackForward ?? []);
  return new CallbackReceiver({
    store,
    credentials: credentialsOf(config.callbackUsername, config.callbackPassword),
    previousCredentials: credentialsOf(config.callbackPreviousUsername, config.callbackPreviousPassword),
    requireCredentials: config.callbackStrict,
    now,
    ...(targets.any && { isForwarded: (lane) => targets.find(lane) !== null }),
  });
}
