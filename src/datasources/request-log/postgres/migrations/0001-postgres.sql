-- The store's first shape on PostgreSQL. Times are milliseconds since 1970, unless the database itself compares them with its clock.
-- Texts are compared byte by byte: the order of ids must not depend on the language of the database.
CREATE DOMAIN word AS text COLLATE "C";

CREATE TABLE fact (
  key word PRIMARY KEY,
  value text NOT NULL
);

-- What only one gateway does at a time. `until` is by the clock of the database.
CREATE TABLE lease (
  name word PRIMARY KEY,
  token bigint NOT NULL,
  holder word NOT NULL,
  until timestamptz NOT NULL
);
-- A lease that nobody holds has no row, so the tokens are counted apart.
CREATE SEQUENCE lease_token;

-- One accepted mutation (origin GATEWAY), or one request of another tool seen through its callbacks (EXTERNAL). Its row is locked by
-- whoever changes anything of it. No index has a column that each callback changes.
CREATE TABLE request (
  pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id word NOT NULL UNIQUE,
  account word NOT NULL,
  origin word NOT NULL,
  operation word,
  created_by word NOT NULL,
  client_reference word,
  idempotency_key word,
  input_hash bytea,
  -- The Request whose failed devices this one tries again.
  retry_of word,
  status word NOT NULL,
  total integer,
  total_is_estimate boolean NOT NULL DEFAULT false,
  -- Devices at each outcome status in the order of OUTCOME_STATUSES, then unmatched callbacks.
  counts integer[] NOT NULL,
  last_seq integer NOT NULL,
  -- Identifiers in rows up to here are in device_key.
  learnt_seq integer NOT NULL DEFAULT 0,
  -- Messages that settled nothing.
  quiet integer NOT NULL DEFAULT 0,
  message_bytes bigint NOT NULL DEFAULT 0,
  -- How far the identifier table has read this request's log; -1 - n while only its first n devices are in.
  indexed_seq integer NOT NULL DEFAULT -1,
  -- Whether the log may have more.
  is_to_index boolean NOT NULL DEFAULT true,
  error text,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  completed_at bigint
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX request_by_key ON request (account, created_by, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX request_by_account ON request (account, pk);
CREATE INDEX request_open ON request (status, pk) WHERE completed_at IS NULL;
CREATE INDEX request_completed ON request (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX request_by_reference ON request (client_reference, pk) WHERE client_reference IS NOT NULL;
CREATE INDEX request_by_retry ON request (retry_of, pk) WHERE retry_of IS NOT NULL;
CREATE INDEX request_by_time ON request (created_at);
-- For lists, in the order of the keys: by what they are filtered by, and the spans of 4,096 keys that have Requests of a period.
CREATE INDEX request_by_status ON request (status, pk);
CREATE INDEX request_by_operation ON request (operation, pk) WHERE operation IS NOT NULL;
CREATE INDEX request_by_span ON request ((pk / 4096), created_at);
-- Purged, while their rows are being deleted.
CREATE INDEX request_hidden ON request (pk) WHERE account = '';
CREATE INDEX request_to_index ON request (pk) WHERE is_to_index;

CREATE TABLE request_input (
  request_pk bigint PRIMARY KEY REFERENCES request (pk) ON DELETE CASCADE,
  -- JSON array of {deviceIds: [{kind, id}], ipAddress?}; null where only the carrier knows the devices.
  devices text,
  settings text NOT NULL,
  -- Here and below: the key that the row's message, body or input is sealed with; null where it lies as it came.
  key_id word
);

-- One POST to the carrier. sent_at is also the memory of the sliding rate window.
CREATE TABLE carrier_request (
  request_pk bigint NOT NULL REFERENCES request (pk) ON DELETE CASCADE,
  position integer NOT NULL,
  service word NOT NULL,
  carrier_request_id word UNIQUE,
  state word NOT NULL,
  first_index integer NOT NULL,
  device_count integer,
  attempts integer NOT NULL DEFAULT 0,
  sent_at bigint,
  answered_at bigint,
  error text,
  -- The last number that an unclaimed callback had been given when it was sent. Which came first, a sending or a callback, is told by
  -- these numbers, whatever a clock said.
  sent_after bigint NOT NULL DEFAULT 0,
  -- See `talliesOf`; null while nothing was counted.
  tallies bigint[],
  -- JSON: what a step has begun and not finished, see `Owed`.
  owed text,
  PRIMARY KEY (request_pk, position)
) WITH (fillfactor = 70);

CREATE INDEX carrier_request_sent ON carrier_request (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX carrier_request_open ON carrier_request (state) WHERE state IN ('QUEUED', 'SENDING', 'UNKNOWN');
-- Left for the carrier and never got its id: an unclaimed callback may still tell it.
CREATE INDEX carrier_request_without_id ON carrier_request (request_pk)
  WHERE carrier_request_id IS NULL AND state IN ('UNKNOWN', 'ACCEPTED', 'CLOSED');
CREATE INDEX carrier_request_owed ON carrier_request (request_pk) WHERE owed IS NOT NULL;

-- The log, append only. A device's outcome is its newest row; final_seq and nidd_seq name the rows that hold its messages.
CREATE TABLE event (
  request_pk bigint NOT NULL,
  seq integer NOT NULL,
  at bigint NOT NULL,
  kind word NOT NULL,
  position integer NOT NULL,
  outcome integer,
  outcome_status word,
  source word,
  final_seq integer NOT NULL,
  nidd_seq integer NOT NULL,
  contradicted boolean NOT NULL,
  -- Of the device after this row: the carrier waits for an approval; its final message is about one profile.
  is_on_hold boolean NOT NULL,
  is_settled_by_part boolean NOT NULL,
  ties integer NOT NULL,
  -- The Request after this row.
  request_status word NOT NULL,
  counts integer[] NOT NULL,
  service word,
  callback_count bigint,
  digest bytea,
  -- A duplicate of its message is found by the device, and not by the digest.
  is_found_by_device boolean NOT NULL,
  message text,
  key_id word,
  PRIMARY KEY (request_pk, seq)
);

CREATE UNIQUE INDEX event_by_digest ON event (request_pk, digest) WHERE digest IS NOT NULL AND NOT is_found_by_device;
CREATE INDEX event_by_device ON event (request_pk, outcome, seq) WHERE outcome IS NOT NULL;

-- The identifiers of the devices of one Request: those they were named by, and those that messages have told up to learnt_seq.
CREATE TABLE device_key (
  request_pk bigint NOT NULL,
  position integer NOT NULL,
  -- What all keys share that may be one with this key.
  stem word NOT NULL,
  outcome integer NOT NULL,
  key word NOT NULL,
  PRIMARY KEY (request_pk, position, stem, outcome, key)
);
CREATE INDEX device_key_by_device ON device_key (request_pk, outcome);

-- Messages that no device has yet, and the identifiers they name.
CREATE TABLE unmatched (
  request_pk bigint NOT NULL,
  position integer NOT NULL,
  bearing word NOT NULL,
  seq integer NOT NULL,
  PRIMARY KEY (request_pk, position, bearing, seq)
);
CREATE TABLE unmatched_key (
  request_pk bigint NOT NULL,
  position integer NOT NULL,
  stem word NOT NULL,
  seq integer NOT NULL,
  PRIMARY KEY (request_pk, position, stem, seq)
);

-- Callbacks whose carrier request id no Request of ours has, or that have none.
CREATE TABLE unclaimed (
  pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account word NOT NULL,
  service word NOT NULL,
  carrier_request_id word,
  received_at bigint NOT NULL,
  callback_count bigint,
  digest bytea NOT NULL,
  message text NOT NULL,
  key_id word,
  -- Its owner is known, and could not take it.
  is_left boolean NOT NULL DEFAULT false,
  UNIQUE (account, service, digest)
);
CREATE INDEX unclaimed_by_carrier_request ON unclaimed (carrier_request_id, account, pk) WHERE carrier_request_id IS NOT NULL;
-- `pk + 0`, here and below: a list by account is in the order of this index alone. For one in the order of `pk` the database may take the
-- primary key, and look through the rows of all accounts to find those of one.
CREATE INDEX unclaimed_by_account ON unclaimed (account, (pk + 0));
CREATE INDEX unclaimed_by_age ON unclaimed (received_at);

-- Messages on a right path that cannot be applied.
CREATE TABLE dead_letter (
  pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account word NOT NULL,
  service word NOT NULL,
  received_at bigint NOT NULL,
  reason word NOT NULL,
  content_type text,
  content_encoding text,
  digest bytea NOT NULL,
  body bytea NOT NULL,
  key_id word,
  UNIQUE (account, service, reason, digest)
);
CREATE INDEX dead_letter_by_account ON dead_letter (account, (pk + 0));
CREATE INDEX dead_letter_by_reason ON dead_letter (reason, (pk + 0));
CREATE INDEX dead_letter_by_age ON dead_letter (received_at);

-- Copies of callbacks for the listener that was registered before us, in the order they came; gone once it has taken them.
CREATE TABLE forward (
  pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account word NOT NULL,
  service word NOT NULL,
  received_at bigint NOT NULL,
  content_type text,
  content_encoding text,
  body bytea NOT NULL,
  key_id word
);
CREATE INDEX forward_by_lane ON forward (account, service, (pk + 0));

-- Which Requests an identifier takes part in, filled behind the log (see request.indexed_seq).
CREATE TABLE identifier (
  key word NOT NULL,
  request_pk bigint NOT NULL,
  PRIMARY KEY (key, request_pk)
);
CREATE INDEX identifier_by_request ON identifier (request_pk);

-- Keys of callers. Only a hash of the secret is kept; a revoked key stays, so that its id is never another's.
CREATE TABLE api_key (
  id word PRIMARY KEY,
  name word NOT NULL,
  -- SHA-256 of the secret.
  hash bytea NOT NULL,
  -- JSON: scopes by account (or `*`), for example {"0868924207-00001": ["read", "write"]}.
  scopes text NOT NULL,
  -- JSON array.
  grants text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  revoked_at bigint
);

-- Who did what, never with which arguments. Rows are only ever added.
CREATE TABLE audit (
  pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  caller text NOT NULL,
  action word NOT NULL,
  -- Null for what concerns no single account.
  account word,
  devices integer,
  -- A request, a key: what it was done to.
  subject text,
  outcome word NOT NULL
);
CREATE INDEX audit_by_account ON audit (account, (pk + 0));
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- How much is held for each path, so that no path needs a count of its rows to be bounded. `kind` is UNCLAIMED, FORWARD, or the reason
-- of a dead letter. EXTERNAL is what the requests of other tools hold, all services of an account together: its service is empty.
CREATE TABLE held (
  account word NOT NULL,
  service word NOT NULL,
  kind word NOT NULL,
  rows bigint NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (account, service, kind)
) WITH (fillfactor = 50);

-- Adds what a statement has added to a table, or takes away what it has deleted. Its rows are taken in order, so that two transactions
-- never wait for each other.
CREATE FUNCTION count_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign integer := CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END;
BEGIN
  IF TG_TABLE_NAME = 'unclaimed' THEN
    INSERT INTO held SELECT account, service, 'UNCLAIMED', sign * count(*), sign * sum(octet_length(message)) FROM changed
      GROUP BY account, service ORDER BY account, service
      ON CONFLICT (account, service, kind) DO UPDATE SET rows = held.rows + excluded.rows, bytes = held.bytes + excluded.bytes;
  ELSIF TG_TABLE_NAME = 'dead_letter' THEN
    INSERT INTO held SELECT account, service, reason, sign * count(*), sign * sum(octet_length(body)) FROM changed
      GROUP BY account, service, reason ORDER BY account, service, reason
      ON CONFLICT (account, service, kind) DO UPDATE SET rows = held.rows + excluded.rows, bytes = held.bytes + excluded.bytes;
  ELSE
    INSERT INTO held SELECT account, service, 'FORWARD', sign * count(*), sign * sum(octet_length(body)) FROM changed
      GROUP BY account, service ORDER BY account, service
      ON CONFLICT (account, service, kind) DO UPDATE SET rows = held.rows + excluded.rows, bytes = held.bytes + excluded.bytes;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER unclaimed_comes AFTER INSERT ON unclaimed REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_held();
CREATE TRIGGER unclaimed_goes AFTER DELETE ON unclaimed REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_held();
CREATE TRIGGER dead_letter_comes AFTER INSERT ON dead_letter REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_held();
CREATE TRIGGER dead_letter_goes AFTER DELETE ON dead_letter REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_held();
CREATE TRIGGER forward_comes AFTER INSERT ON forward REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_held();
CREATE TRIGGER forward_goes AFTER DELETE ON forward REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_held();

-- A body that is sealed anew has another length.
CREATE FUNCTION count_held_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'unclaimed' THEN
    INSERT INTO held SELECT account, service, 'UNCLAIMED', 0, sum(bytes) FROM (
        SELECT account, service, octet_length(message) AS bytes FROM new_rows
        UNION ALL SELECT account, service, -octet_length(message) FROM old_rows) c
      GROUP BY account, service HAVING sum(bytes) <> 0 ORDER BY account, service
      ON CONFLICT (account, service, kind) DO UPDATE SET bytes = held.bytes + excluded.bytes;
  ELSIF TG_TABLE_NAME = 'dead_letter' THEN
    INSERT INTO held SELECT account, service, reason, 0, sum(bytes) FROM (
        SELECT account, service, reason, octet_length(body) AS bytes FROM new_rows
        UNION ALL SELECT account, service, reason, -octet_length(body) FROM old_rows) c
      GROUP BY account, service, reason HAVING sum(bytes) <> 0 ORDER BY account, service, reason
      ON CONFLICT (account, service, kind) DO UPDATE SET bytes = held.bytes + excluded.bytes;
  ELSE
    INSERT INTO held SELECT account, service, 'FORWARD', 0, sum(bytes) FROM (
        SELECT account, service, octet_length(body) AS bytes FROM new_rows
        UNION ALL SELECT account, service, -octet_length(body) FROM old_rows) c
      GROUP BY account, service HAVING sum(bytes) <> 0 ORDER BY account, service
      ON CONFLICT (account, service, kind) DO UPDATE SET bytes = held.bytes + excluded.bytes;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER unclaimed_changes AFTER UPDATE ON unclaimed REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION count_held_anew();
CREATE TRIGGER dead_letter_changes AFTER UPDATE ON dead_letter REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION count_held_anew();
CREATE TRIGGER forward_changes AFTER UPDATE ON forward REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION count_held_anew();
