-- When requests were made, 4,096 keys at a time, so that a list of some days reads only these. Nothing of 0001 to 0005 changes its
-- meaning. Keys do not follow the time strictly: a request of another tool is made later than its first callback came.
-- An index of all times would be a thousand times as large, and to build it would take a large store minutes and 600 MB of memory.
CREATE TABLE request_span (
  -- pk / 4096
  span INTEGER PRIMARY KEY,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT;

INSERT INTO request_span SELECT pk / 4096, min(created_at), max(created_at) FROM request GROUP BY pk / 4096;

CREATE TRIGGER request_is_made AFTER INSERT ON request BEGIN
  INSERT INTO request_span VALUES (NEW.pk / 4096, NEW.created_at, NEW.created_at)
    ON CONFLICT (span) DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at);
END;
