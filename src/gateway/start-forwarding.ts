import type { Config } from '../config/config.ts';
import { PreviousListener } from '../datasources/thingspace/previous-listener.ts';
import type { ForwardQueue } from '../datasources/request-log/forward-queue.ts';
import type { Hub } from '../datasources/request-log/hub.ts';
import { pseudonym, type Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { CallbackForwarder } from '../resolvers/callbacks/forward-callbacks.ts';
import { ForwardTargets } from '../resolvers/callbacks/forward-targets.ts';

interface Parts {
  readonly requestLog: ForwardQueue;
  readonly hub: Hub;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly undo: AsyncDisposableStack;
}

/** Forwards what waits, and what will come, to the listeners of other tools; gives back which those are. */
export function startForwarding(config: Config, { requestLog, hub, metrics, logger, now, undo }: Parts): ForwardTargets {
  const targets = new ForwardTargets(config.callbackForward ?? []);
  const { callbackForwardUsername: username, callbackForwardPassword: password } = config;
  const forwarder = undo.use(
    new CallbackForwarder({
      queue: requestLog,
      hub,
      listener: new PreviousListener({ timeoutMs: 10_000 }),
      targets,
      accounts: config.accounts,
      credentials: username !== null && password !== null ? { username, password } : null,
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
  return targets;
}
