-- Following up silence, keeping and cleaning: nothing of 0001 changes its meaning.

CREATE INDEX request_by_retry ON request (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX request_completed ON request (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX unclaimed_by_age ON unclaimed (received_at);
CREATE INDEX kept_message_by_age ON kept_message (received_at);

-- Left for the carrier (in a restored store: perhaps) and never got its id: an unclaimed callback may still tell it.
CREATE INDEX carrier_request_without_id ON carrier_request (request_pk)
  WHERE carrier_request_id IS NULL AND state IN ('UNKNOWN', 'ACCEPTED', 'CLOSED');

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
