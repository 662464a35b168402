import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric of one gateway, in a registry of its own. No label ever carries an account, an id or a device. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    callbacks: new Counter({
      name: 'm2m_callbacks_total',
      help: 'Callbacks received, by service and what became of them (applied, unclaimed, duplicate, foreign, damaged, quarantined, unreadable, dropped).',
      labelNames: ['service', 'outcome'] as const,
      registers,
    }),
    callbackCredentials: new Counter({
      name: 'm2m_callback_credentials_total',
      help: 'Callbacks by what their body said of the registration: none, right, previous or wrong credentials.',
      labelNames: ['credentials'] as const,
      registers,
    }),
    callbacksRefused: new Counter({
      name: 'm2m_callbacks_refused_total',
      help: 'Callback POSTs that were not taken, by HTTP status.',
      labelNames: ['status'] as const,
      registers,
    }),
    callbacksOnFormer: new Counter({
      name: 'm2m_callbacks_on_former_total',
      help: 'Callbacks taken under what was registered before: URL of the previous secret (secret) or before the last rotation (rotation), previous credentials (credentials).',
      labelNames: ['former'] as const,
      registers,
    }),
    registrationsLost: new Gauge({
      name: 'm2m_callback_listeners_lost',
      help: 'Services of accounts whose callbacks the carrier does not deliver here, as it last said.',
      registers,
    }),
    registrationsChecked: new Gauge({
      name: 'm2m_callback_listeners_checked_timestamp_seconds',
      help: 'When the carrier last told all of its callback registrations, since 1970; 0 for never.',
      registers,
    }),
    callbacksForwarded: new Counter({
      name: 'm2m_callbacks_forwarded_total',
      help: 'Callbacks for the previous listener: delivered, dropped for their age; tries that it refused, or that found it unreachable.',
      labelNames: ['result'] as const,
      registers,
    }),
    forwardBacklog: new Gauge({ name: 'm2m_forward_backlog', help: 'Callbacks that wait for the previous listener.', registers }),
    forwardOldest: new Gauge({
      name: 'm2m_forward_oldest_seconds',
      help: 'Age of the oldest callback that waits for the previous listener.',
      registers,
    }),
    callbackSeconds: new Histogram({
      name: 'm2m_callback_ack_seconds',
      help: 'From the last byte of a callback to its acknowledgement.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 4],
      registers,
    }),
    commitRows: new Histogram({
      name: 'm2m_store_commit_jobs',
      help: 'Writes in one commit.',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'm2m_store_commit_seconds',
      help: 'Time of one commit, fsync included.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    }),
    carrierCalls: new Counter({
      name: 'm2m_carrier_calls_total',
      help: 'Calls to the carrier, by call and result.',
      labelNames: ['call', 'result'] as const,
      registers,
    }),
    operationsRefused: new Counter({
      name: 'm2m_operations_refused_total',
      help: 'GraphQL operations that were not run: rights, limits, rates.',
      labelNames: ['code'],
      registers,
    }),
    auditFailed: new Counter({
      name: 'm2m_audit_failed_total',
      help: 'Mutations and commands that were done, or refused, and could not be written to the audit log.',
      registers,
    }),
    subscriptions: new Gauge({ name: 'm2m_subscriptions_open', help: 'Open subscriptions.', registers }),
    sockets: new Gauge({ name: 'm2m_websockets_open', help: 'Open WebSockets.', registers }),
    unclaimed: new Gauge({ name: 'm2m_callbacks_unclaimed', help: 'Callbacks that no request has.', registers }),
    openRequests: new Gauge({
      name: 'm2m_requests_open',
      help: 'Requests that are not complete, by status.',
      labelNames: ['status'] as const,
      registers,
    }),
    overdueDevices: new Gauge({ name: 'm2m_devices_overdue', help: 'Devices that have not reported in the usual time.', registers }),
    devicesLapsed: new Counter({
      name: 'm2m_devices_lapsed_total',
      help: 'Devices that became overdue, or expired.',
      labelNames: ['into'] as const,
      registers,
    }),
    devicesReconciled: new Counter({
      name: 'm2m_devices_reconciled_total',
      help: 'Devices whose result was learnt by asking the carrier.',
      registers,
    }),
    keptMessages: new Gauge({
      name: 'm2m_callbacks_kept',
      help: 'Messages kept aside that could not be applied, by reason (unreadable, quarantined, foreign_request, damaged_request).',
      labelNames: ['reason'] as const,
      registers,
    }),
    authenticationsRefused: new Counter({
      name: 'm2m_authentications_refused_total',
      help: 'Callers that were not let in, by reason: missing, invalid, expired, revoked, or unavailable (the keys of the JWT issuer cannot be had).',
      labelNames: ['reason'] as const,
      registers,
    }),
    operationsShed: new Counter({
      name: 'm2m_graphql_shed_total',
      help: 'GraphQL operations refused because of overload.',
      registers,
    }),
    eventLoopLag: new Gauge({
      name: 'm2m_event_loop_lag_seconds',
      help: 'How late the event loop is, but for the work of callers, smoothed over 100 ms.',
      registers,
    }),
    /** Watches how many requests wait to be sent. */
    sendQueue: (waiting: () => number) =>
      new Gauge({
        name: 'm2m_send_queue_requests',
        help: 'Requests that wait for their turn to be sent.',
        registers,
        collect() {
          this.set(waiting());
        },
      }),
    /** Watches how many pieces of callers' work wait for their turn. */
    callerTurns: (waiting: () => number) =>
      new Gauge({
        name: 'm2m_graphql_waiting',
        help: 'Messages of callers and events for them that wait for their turn; callbacks go first.',
        registers,
        collect() {
          this.set(waiting());
        },
      }),
    storeBytes: new Gauge({
      name: 'm2m_store_bytes',
      help: 'Size of the store, by part: its file, and its write-ahead log.',
      labelNames: ['part'] as const,
      registers,
    }),
    purgedRequests: new Counter({ name: 'm2m_purged_requests_total', help: 'Requests deleted because their time was over.', registers }),
    purgeRows: new Histogram({
      name: 'm2m_purge_step_rows',
      help: 'Rows deleted in one step of a purge, which is committed together with callbacks.',
      buckets: [1, 50, 100, 250, 500, 1_000, 5_000],
      registers,
    }),
    lastPurge: new Gauge({
      name: 'm2m_store_last_purge_timestamp_seconds',
      help: 'When the store was last purged to the end, since 1970; 0 for never.',
      registers,
    }),
    lastBackup: new Gauge({
      name: 'm2m_store_last_backup_timestamp_seconds',
      help: 'When a backup of the store was last made, since 1970; 0 for never.',
      registers,
    }),
    loginLatched: new Gauge({
      name: 'm2m_carrier_login_latched',
      help: '1 while the carrier’s refusal of the login stops all further logins.',
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
