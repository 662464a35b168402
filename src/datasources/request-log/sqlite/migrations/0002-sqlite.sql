-- Following up silence, keeping and cleaning: nothing of 0001 changes its meaning.

CREATE INDEX request_by_retry ON request (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX request_completed ON request (completed_at) WHERE completed_at IS NOT NULL;

-- A kept message is discarded by its number, which must never become another's: two may discard one, and a new one may come
-- in between.
CREATE TABLE kept (
  pk INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  service TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  content_type TEXT,
  digest BLOB NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (account, service, reason, digest)
) STRICT;
INSERT INTO kept SELECT pk, account, service, received_at, reason, content_type, digest, body FROM kept_message;
DROP TABLE kept_message;
ALTER TABLE kept RENAME TO kept_message;
CREATE INDEX kept_message_by_reason ON kept_message (reason);
CREATE INDEX kept_message_by_age ON kept_message (received_at);

-- Left for the carrier (in a restored store: perhaps) and never got its id: an unclaimed callback may still tell it.
CREATE INDEX carrier_request_without_id ON carrier_request (request_pk)
  WHERE carrier_request_id IS NULL AND state IN ('UNKNOWN', 'ACCEPTED', 'CLOSED');

-- Which came first, a sending or a callback, whatever the clock said: numbers of unclaimed callbacks are never used twice, and
-- a sending keeps the last one there was. What was there before this migration is never taken for an answer.
CREATE TABLE numbered (
  pk INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  service TEXT NOT NULL,
  carrier_request_id TEXT,
  received_at INTEGER NOT NULL,
  callback_count INTEGER,
  digest BLOB NOT NULL,
  message TEXT NOT NULL,
  UNIQUE (account, service, digest)
) STRICT;
INSERT INTO numbered SELECT pk, account, service, carrier_request_id, received_at, callback_count, digest, message FROM unclaimed;
DROP TABLE unclaimed;
ALTER TABLE numbered RENAME TO unclaimed;
CREATE INDEX unclaimed_by_carrier_request ON unclaimed (carrier_request_id, account) WHERE carrier_request_id IS NOT NULL;
CREATE INDEX unclaimed_by_age ON unclaimed (received_at);
ALTER TABLE carrier_request ADD COLUMN sent_after INTEGER NOT NULL DEFAULT 0;
UPDATE carrier_request SET sent_after = coalesce((SELECT max(pk) FROM unclaimed), 0) WHERE carrier_request_id IS NULL;

-- Copies of callbacks for the listener that was registered before us, in the order they came; gone once it has taken them.
CREATE TABLE forward (
  pk INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  service TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  content_type TEXT,
  body BLOB NOT NULL
) STRICT;

CREATE INDEX forward_by_lane ON forward (account, service, pk);
