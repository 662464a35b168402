-- What a change must know of a Request, in rows that are read by key. Nothing of 0001 to 0006 changes its meaning. Requests that were
-- made before are taken over in steps, beside callbacks: `state_seq` says how far each one is.

-- The row up to which the state below was counted; `last_seq` for a Request that was taken over, or made here.
ALTER TABLE request ADD COLUMN state_seq INTEGER NOT NULL DEFAULT 0;
-- Identifiers in rows up to here are in device_key.
ALTER TABLE request ADD COLUMN learnt_seq INTEGER NOT NULL DEFAULT 0;
-- So many of the named devices are in device_key.
ALTER TABLE request ADD COLUMN keyed INTEGER NOT NULL DEFAULT 0;
-- Messages that settled nothing.
ALTER TABLE request ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0;
-- JSON array, see `talliesOf`.
ALTER TABLE carrier_request ADD COLUMN tallies TEXT;
-- JSON: what a step has begun and not finished, see `Owed`. The table names these carrier requests.
ALTER TABLE carrier_request ADD COLUMN owed TEXT;
CREATE TABLE owed (
  request_pk INTEGER NOT NULL REFERENCES request (pk) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  PRIMARY KEY (request_pk, position)
) STRICT, WITHOUT ROWID;

-- The rows of `event` that tell of one device, without their messages and in the order of the devices.
CREATE TABLE device_event (
  request_pk INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  source TEXT,
  final_seq INTEGER NOT NULL,
  nidd_seq INTEGER NOT NULL,
  contradicted INTEGER NOT NULL,
  -- 1: the carrier waits for an approval. 2: the final message is about one profile.
  flags INTEGER NOT NULL,
  -- Of the message, when a duplicate of it is found by the device. Otherwise `event` has it.
  digest BLOB,
  PRIMARY KEY (request_pk, outcome, seq)
) STRICT, WITHOUT ROWID;

-- The identifiers of the devices of one Request: those they were named by, and those that messages have told up to learnt_seq.
CREATE TABLE device_key (
  request_pk INTEGER NOT NULL,
  position INTEGER NOT NULL,
  -- What all keys share that may be one with this key.
  stem TEXT NOT NULL,
  outcome INTEGER NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (request_pk, position, stem, outcome, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_key_by_device ON device_key (request_pk, outcome);

-- Messages that no device has yet, and the identifiers they name.
CREATE TABLE unmatched (
  request_pk INTEGER NOT NULL,
  position INTEGER NOT NULL,
  bearing TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (request_pk, position, bearing, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE unmatched_key (
  request_pk INTEGER NOT NULL,
  position INTEGER NOT NULL,
  stem TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (request_pk, position, stem, seq)
) STRICT, WITHOUT ROWID;
