import type { Config } from '../config/config.ts';
import { GroupMembers } from '../resolvers/requests/group-members.ts';
import { RequestSender } from '../resolvers/requests/request-sender.ts';
import { SendQueue } from '../resolvers/requests/send-queue.ts';
import { RequestSubmitter } from '../resolvers/requests/submit-request.ts';
import type { Carrier } from './connect-carrier.ts';
import type { SharedParts } from './shared-parts.ts';
import { traceQueue } from './trace-sending.ts';

/** Builds the way from a mutation to the carrier: submitter, sender and queue. */
export function buildSending(config: Config, parts: SharedParts & Carrier) {
  const { store, thingSpace, reads, session, metrics, logger, now, undo } = parts;
  const queue = undo.use(new SendQueue({ perMinute: config.activationsPerMinute, monotonicNow: () => performance.now() }));
  const sender = undo.use(
    new RequestSender({
      store,
      thingSpace,
      queue: traceQueue(queue),
      members: new GroupMembers({
        store,
        reads,
        onFailure: (requestId, error) => logger.warn('group_not_read', { requestId, error }),
      }),
      firstPauseMs: 1_000,
      maxPauseMs: 60_000,
      maxWaitMs: config.expireAfterMs,
      now,
      onFailure: (requestId, error) => logger.error('send_failed', { ...(requestId !== null && { requestId }), error }),
    }),
  );
  metrics.sendQueue(() => queue.waiting);
  const submitter = new RequestSubmitter({
    store,
    sender,
    session,
    accounts: new Set(config.accounts),
    waitMs: config.submitWaitMs,
    maxQueued: config.maxQueued,
    maxQueuedPerCaller: config.maxQueuedPerCaller,
    now,
  });
  return { sender, submitter };
}
