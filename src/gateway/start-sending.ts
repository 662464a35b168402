import type { Config } from '../config/config.ts';
import type { RequestLog } from '../datasources/request-log/request-log.ts';
import type { CarrierReads } from '../datasources/thingspace/carrier-reads.ts';
import { OPERATIONS } from '../operations/index.ts';
import type { Session } from '../datasources/thingspace/session.ts';
import type { ThingSpace } from '../datasources/thingspace/thing-space.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { GroupMembers } from '../resolvers/requests/group-members.ts';
import { RequestSender } from '../resolvers/requests/request-sender.ts';
import { SendQueue } from '../resolvers/requests/send-queue.ts';
import { RequestSubmitter } from '../resolvers/requests/submit-request.ts';

interface Parts {
  readonly requestLog: RequestLog;
  readonly thingSpace: ThingSpace;
  readonly reads: CarrierReads;
  readonly session: Session;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly undo: AsyncDisposableStack;
}

/** The way from a mutation to the carrier: submitter, sender, queue. The queue begins with what was sent before a restart. */
export async function startSending(config: Config, { requestLog, thingSpace, reads, session, metrics, logger, now, undo }: Parts) {
  const queue = undo.use(new SendQueue({ perMinute: config.activationsPerMinute, monotonicNow: () => performance.now() }));
  for (const operation of OPERATIONS) {
    const started = now();
    const sent = await requestLog.sentSince(operation.name, started - 60_000);
    queue.remember(
      operation,
      sent.map((at) => started - at),
    );
  }
  const sender = undo.use(
    new RequestSender({
      requestLog,
      thingSpace,
      queue,
      members: new GroupMembers({
        requestLog,
        reads,
        onFailure: (requestId, error) => logger.warn('group_not_read', { requestId, error }),
      }),
      firstPauseMs: 1_000,
      maxPauseMs: 60_000,
      maxWaitMs: config.expireAfterMs,
      now,
      onFailure: (requestId, error) => logger.error('send_failed', { requestId, error }),
    }),
  );
  metrics.sendQueue(() => queue.waiting);
  const submitter = new RequestSubmitter({
    requestLog,
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
