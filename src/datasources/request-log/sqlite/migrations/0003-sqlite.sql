-- Who may ask, what was asked, and what is sealed: nothing of 0001 and 0002 changes its meaning.

-- Keys of callers. Only a hash of the secret is kept; a revoked key stays, so that its id is never another's.
CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  -- The caller: two keys of one name are one caller, so that a key can be exchanged while both are valid.
  name TEXT NOT NULL,
  -- SHA-256 of the secret.
  hash BLOB NOT NULL,
  -- JSON: scopes by account (or `*`), for example {"0868924207-00001": ["read", "write"]}.
  scopes TEXT NOT NULL,
  -- JSON array.
  grants TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX api_key_by_name ON api_key (name);

-- Who did what, never with which arguments. Rows are only ever added.
CREATE TABLE audit (
  pk INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  caller TEXT NOT NULL,
  action TEXT NOT NULL,
  -- Null for what concerns no single account.
  account TEXT,
  devices INTEGER,
  -- A request, a key: what it was done to.
  subject TEXT,
  outcome TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_account ON audit (account, pk);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
-- REPLACE deletes without a word to the trigger above.
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE pk = NEW.pk)
  BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;

-- Which key a row's message, body or input is sealed with; null where it lies as it came.
ALTER TABLE request_input ADD COLUMN key_id TEXT;
ALTER TABLE event ADD COLUMN key_id TEXT;
ALTER TABLE unclaimed ADD COLUMN key_id TEXT;
ALTER TABLE kept_message ADD COLUMN key_id TEXT;
ALTER TABLE forward ADD COLUMN key_id TEXT;

-- Lists of one account's, however much others have.
CREATE INDEX unclaimed_by_account ON unclaimed (account);
CREATE INDEX kept_message_by_account ON kept_message (account);
