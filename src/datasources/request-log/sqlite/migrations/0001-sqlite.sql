-- The store's first shape. Times are milliseconds since 1970. Status words are those of request-log.ts.

CREATE TABLE fact (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- One accepted mutation (origin GATEWAY), or one request of another tool seen through its callbacks (EXTERNAL).
-- Small and hot: everything long lives in request_input and event.
CREATE TABLE request (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  origin TEXT NOT NULL,
  operation TEXT,
  created_by TEXT NOT NULL,
  client_reference TEXT,
  idempotency_key TEXT,
  input_hash BLOB,
  -- The Request whose failed devices this one tries again.
  retry_of TEXT,
  status TEXT NOT NULL,
  total INTEGER,
  total_is_estimate INTEGER NOT NULL DEFAULT 0,
  -- JSON array: devices at each outcome status in the order of OUTCOME_STATUSES, then unmatched callbacks.
  counts TEXT NOT NULL,
  last_seq INTEGER NOT NULL,
  -- How far the identifier table has read this request's log; -1 - n while only its first n devices are in.
  indexed_seq INTEGER NOT NULL DEFAULT -1,
  error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  completed_at INTEGER
) STRICT;

CREATE UNIQUE INDEX request_by_key ON request (account, created_by, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX request_by_account ON request (account, pk);
CREATE INDEX request_open ON request (status) WHERE completed_at IS NULL;
CREATE INDEX request_to_index ON request (pk) WHERE indexed_seq < last_seq;
CREATE INDEX request_by_reference ON request (client_reference, pk) WHERE client_reference IS NOT NULL;

CREATE TABLE request_input (
  request_pk INTEGER PRIMARY KEY REFERENCES request (pk) ON DELETE CASCADE,
  -- JSON array of {deviceIds: [{kind, id}], ipAddress?}; null where only the carrier knows the devices.
  devices TEXT,
  settings TEXT NOT NULL
) STRICT;

-- One POST to the carrier. sent_at is also the memory of the sliding rate window.
CREATE TABLE carrier_request (
  pk INTEGER PRIMARY KEY,
  request_pk INTEGER NOT NULL REFERENCES request (pk) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  service TEXT NOT NULL,
  carrier_request_id TEXT UNIQUE,
  state TEXT NOT NULL,
  first_index INTEGER NOT NULL,
  device_count INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER,
  answered_at INTEGER,
  error TEXT,
  UNIQUE (request_pk, position)
) STRICT;

CREATE INDEX carrier_request_sent ON carrier_request (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX carrier_request_open ON carrier_request (state) WHERE state IN ('QUEUED', 'SENDING', 'UNKNOWN');

-- Append only. A device's outcome is its newest row; final_seq and nidd_seq name the rows that hold its messages.
-- A rowid key (appends at the end of the tree) with request-local unique keys stays flat as the table grows.
CREATE TABLE event (
  pk INTEGER PRIMARY KEY,
  request_pk INTEGER NOT NULL REFERENCES request (pk) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  position INTEGER NOT NULL,
  outcome INTEGER,
  outcome_status TEXT,
  source TEXT,
  final_seq INTEGER NOT NULL,
  nidd_seq INTEGER NOT NULL,
  contradicted INTEGER NOT NULL,
  ties INTEGER NOT NULL,
  -- The Request after this row.
  request_status TEXT NOT NULL,
  counts TEXT NOT NULL,
  service TEXT,
  callback_count INTEGER,
  digest BLOB,
  message TEXT
) STRICT;

CREATE UNIQUE INDEX event_by_seq ON event (request_pk, seq);
CREATE UNIQUE INDEX event_by_digest ON event (request_pk, digest) WHERE digest IS NOT NULL;

-- Callbacks whose carrier request id no Request of ours has, or that have none.
CREATE TABLE unclaimed (
  pk INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  service TEXT NOT NULL,
  carrier_request_id TEXT,
  received_at INTEGER NOT NULL,
  callback_count INTEGER,
  digest BLOB NOT NULL,
  message TEXT NOT NULL,
  UNIQUE (account, service, digest)
) STRICT;

CREATE INDEX unclaimed_by_carrier_request ON unclaimed (carrier_request_id, account) WHERE carrier_request_id IS NOT NULL;

-- Messages on a right path that cannot be applied: unreadable, or with credentials that are not the registration's.
CREATE TABLE kept_message (
  pk INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  service TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  content_type TEXT,
  digest BLOB NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (account, service, reason, digest)
) STRICT;

CREATE INDEX kept_message_by_reason ON kept_message (reason);

-- Which Requests an identifier takes part in, filled behind the log (see request.indexed_seq).
CREATE TABLE identifier (
  key TEXT NOT NULL,
  request_pk INTEGER NOT NULL REFERENCES request (pk) ON DELETE CASCADE,
  PRIMARY KEY (key, request_pk)
) STRICT, WITHOUT ROWID;

CREATE INDEX identifier_by_request ON identifier (request_pk);
