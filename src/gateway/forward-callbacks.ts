import type { Config } from '../config/config.ts';
import { PreviousListener } from '../datasources/thingspace/previous-listener.ts';
import { pseudonym } from '../lib/pseudonym.ts';
import { CallbackForwarder } from '../resolvers/callbacks/forward-callbacks.ts';
import type { ForwardTargets } from '../resolvers/callbacks/forward-targets.ts';
import { credentialsOf } from './load-callback-paths.ts';
import type { SharedParts } from './shared-parts.ts';

/** Forwards copies of callbacks to the listeners of other tools until it is undone. */
export function forwardCallbacks(config: Config, { store, hub, metrics, logger, now, undo }: SharedParts, targets: ForwardTargets): void {
  const forwarder = undo.use(
    new CallbackForwarder({
      queue: store.forwards,
      hub,
      listener: new PreviousListener({ timeoutMs: 10_000 }),
      targets,
      accounts: config.accounts,
      credentials: credentialsOf(config.callbackForwardUsername, config.callbackForwardPassword),
      firstPauseMs: 1_000,
      maxPauseMs: 300_000,
      maxAgeMs: config.retentionDays * 86_400_000,
      now,
      onResult: (result, count) => metrics.callbacksForwarded.inc({ result }, count),
      pseudonym: (account) => pseudonym(account, config.callbackSecret),
      logger,
    }),
  );
  forwarder.start();
}
