import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric of one gateway, in a registry of its own. No label ever carries an account, an id or a device. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[]) => new Histogram({ name, help, buckets, registers });
  /** A gauge that asks for its value when the metrics are read. */
  const sample = (name: string, help: string) => (read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  /** The same for a number that only grows. */
  const sampleCounter = (name: string, help: string) => (read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  return {
    registry,
    callbacks: counter(
      'm2m_callbacks_total',
      'Callbacks received, by service and outcome (applied, unclaimed, duplicate, foreign, wrong_service, damaged, quarantined, unreadable). Not acknowledged, because there was no room: path_full, request_full, disk_low.',
      ['service', 'outcome'],
    ),
    callbackCredentials: counter(
      'm2m_callback_credentials_total',
      'Callbacks by the credentials in their body: none, right, previous or wrong.',
      ['credentials'],
    ),
    callbacksRefused: counter(
      'm2m_callbacks_refused_total',
      'Callback POSTs that were not taken, by HTTP status; none when the sender hung up before the end of its message, address for a connection from an address that may not deliver.',
      ['status'],
    ),
    callbacksOnFormer: counter(
      'm2m_callbacks_on_former_total',
      'Callbacks that use an older registration: a URL of the previous secret (secret), a URL from before the last rotation (rotation), or the previous credentials (credentials).',
      ['former'],
    ),
    registrationsLost: gauge(
      'm2m_callback_listeners_lost',
      'Services of accounts whose callbacks the carrier does not deliver here, by its last answer.',
    ),
    registrationsChecked: gauge(
      'm2m_callback_listeners_checked_timestamp_seconds',
      'When the carrier last listed all of its callback registrations, in seconds since 1970; 0 for never.',
    ),
    callbacksForwarded: counter(
      'm2m_callbacks_forwarded_total',
      'Callbacks for the previous listener: delivered, dropped because they were too old, or not copied because too many wait (no_room). Tries that it refused, or that could not reach it.',
      ['result'],
    ),
    forwardBacklog: gauge('m2m_forward_backlog', 'Callbacks that wait for the previous listener.'),
    forwardOldest: gauge('m2m_forward_oldest_seconds', 'Age of the oldest callback that waits for the previous listener.'),
    callbackSeconds: histogram(
      'm2m_callback_ack_seconds',
      'Time from the last byte of a callback to its acknowledgement.',
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 4],
    ),
    commitRows: histogram('m2m_store_commit_jobs', 'Writes in one commit.', [1, 2, 4, 8, 16, 32, 64, 128, 256]),
    commitSeconds: histogram(
      'm2m_store_commit_seconds',
      'Time of one commit, fsync included.',
      [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    ),
    carrierCalls: counter('m2m_carrier_calls_total', 'Calls to the carrier, by call and result.', ['call', 'result']),
    operationsRefused: counter(
      'm2m_operations_refused_total',
      'GraphQL operations that were refused or stopped for their rights, limits or rates.',
      ['code'],
    ),
    auditFailed: counter('m2m_audit_failed_total', 'Mutations and commands, done or refused, that could not be written to the audit log.'),
    connections: gauge('m2m_connections_open', 'Open connections, by listener (graphql, callbacks, admin).', ['listener']),
    connectionsEnded: counter(
      'm2m_connections_ended_total',
      'Connections that the gateway ended, by listener and reason: there were too many (room), or the client did not read (stalled).',
      ['listener', 'reason'],
    ),
    outgoingBytes: sample(
      'm2m_graphql_outgoing_bytes',
      'Bytes of answers and events that are being made, or that clients have not taken yet.',
    ),
    subscriptions: gauge('m2m_subscriptions_open', 'Open subscriptions.'),
    sockets: gauge('m2m_websockets_open', 'Open WebSockets.'),
    unclaimed: gauge('m2m_callbacks_unclaimed', 'Callbacks that belong to no request yet.'),
    openRequests: gauge('m2m_requests_open', 'Requests that are not complete, by status.', ['status']),
    overdueDevices: gauge('m2m_devices_overdue', 'Devices that have not reported within the usual time.'),
    devicesLapsed: counter('m2m_devices_lapsed_total', 'Devices that became overdue, or that expired.', ['into']),
    devicesReconciled: counter('m2m_devices_reconciled_total', 'Devices whose result the gateway learnt by asking the carrier.'),
    keptMessages: gauge('m2m_callbacks_kept', 'Dead letters, by reason (unreadable, quarantined, foreign_request, damaged_request).', [
      'reason',
    ]),
    authenticationsRefused: counter(
      'm2m_authentications_refused_total',
      'Callers that were not authenticated, by reason: missing, invalid, expired, revoked, or unavailable (the keys of the JWT issuer cannot be fetched).',
      ['reason'],
    ),
    eventLoopLag: gauge(
      'm2m_event_loop_lag_seconds',
      'How late the event loop of the main thread is: of 99 in 100 turns since the last look. Callbacks have a thread of their own.',
    ),
    ready: gauge('m2m_ready', '1 while a door can be used (graphql, callbacks), as its path below /health/ready tells.', ['door']),
    memoryBytes: gauge('m2m_memory_bytes', 'Memory of the process, with all its threads (resident set size).'),
    logLinesDropped: sampleCounter('m2m_log_lines_dropped_total', 'Lines of the log that could not be written, because nobody read them.'),
    clockOff: sample(
      'm2m_clock_off_seconds',
      'How far the wall clock is ahead of the time that the gateway goes by, while it is not believed; below zero when it is behind; 0 while it is believed.',
    ),
    clockJumps: counter('m2m_clock_jumps_total', 'Jumps of the wall clock that the gateway did not follow at once.'),
    sendQueue: sample('m2m_send_queue_requests', 'Requests that wait for their turn to be sent.'),
    callerTurns: sample('m2m_graphql_waiting', 'Messages and events of callers that wait for their turn. Callbacks go first.'),
    storeBytes: gauge('m2m_store_bytes', 'Size of the store, by part: its file, and its write-ahead log.', ['part']),
    diskFree: gauge('m2m_store_disk_free_bytes', 'Room for the store: free on its disk, and free inside its file.'),
    diskLow: gauge('m2m_store_disk_low', '1 while the disk has so little room that only results of known requests are taken.'),
    journalMessages: gauge('m2m_journal_messages', 'Messages that wait in the journal of this gateway until PostgreSQL takes them.'),
    journalStuck: gauge('m2m_journal_stuck', '1 while messages of the journal cannot be moved to PostgreSQL although it answers.'),
    purgedRequests: counter('m2m_purged_requests_total', 'Requests deleted because their retention time was over.'),
    purgeRows: histogram(
      'm2m_purge_step_rows',
      'Rows deleted in one step of a purge. A step shares its commit with callbacks.',
      [1, 50, 100, 250, 500, 1_000, 5_000],
    ),
    lastPurge: gauge(
      'm2m_store_last_purge_timestamp_seconds',
      'When the last purge of the store was finished, in seconds since 1970; 0 for never.',
    ),
    lastBackup: gauge(
      'm2m_store_last_backup_timestamp_seconds',
      'When the last backup of the store was made, in seconds since 1970; 0 for never.',
    ),
    loginLatched: gauge('m2m_carrier_login_latched', '1 while the gateway tries no login, because the carrier refused the last one.'),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
