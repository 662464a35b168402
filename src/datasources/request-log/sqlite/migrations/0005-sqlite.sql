-- How much is held for each path, so that no path needs a count of its rows to be bounded. Nothing of 0001 to 0004 changes its meaning.

-- `kind` is UNCLAIMED, FORWARD, or the reason of a dead letter. EXTERNAL is what the requests of other tools hold, all services of
-- an account together: its service is empty.
CREATE TABLE held (
  account TEXT NOT NULL,
  service TEXT NOT NULL,
  kind TEXT NOT NULL,
  rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (account, service, kind)
) STRICT, WITHOUT ROWID;

-- Bytes of the messages in a request's log, as far as they were written since this migration.
ALTER TABLE request ADD COLUMN message_bytes INTEGER NOT NULL DEFAULT 0;

INSERT INTO held SELECT account, service, 'UNCLAIMED', count(*), sum(octet_length(message)) FROM unclaimed GROUP BY account, service;
INSERT INTO held SELECT account, service, reason, count(*), sum(octet_length(body)) FROM kept_message GROUP BY account, service, reason;
INSERT INTO held SELECT account, service, 'FORWARD', count(*), sum(octet_length(body)) FROM forward GROUP BY account, service;
INSERT INTO held SELECT account, '', 'EXTERNAL', sum(last_seq), 0 FROM request WHERE origin = 'EXTERNAL' AND account <> '' GROUP BY account;

CREATE TRIGGER unclaimed_comes AFTER INSERT ON unclaimed BEGIN
  INSERT OR IGNORE INTO held VALUES (NEW.account, NEW.service, 'UNCLAIMED', 0, 0);
  UPDATE held SET rows = rows + 1, bytes = bytes + octet_length(NEW.message)
    WHERE account = NEW.account AND service = NEW.service AND kind = 'UNCLAIMED';
END;
CREATE TRIGGER unclaimed_goes AFTER DELETE ON unclaimed BEGIN
  UPDATE held SET rows = rows - 1, bytes = bytes - octet_length(OLD.message)
    WHERE account = OLD.account AND service = OLD.service AND kind = 'UNCLAIMED';
END;
CREATE TRIGGER unclaimed_changes AFTER UPDATE OF message ON unclaimed BEGIN
  UPDATE held SET bytes = bytes + octet_length(NEW.message) - octet_length(OLD.message)
    WHERE account = NEW.account AND service = NEW.service AND kind = 'UNCLAIMED';
END;
CREATE TRIGGER kept_message_comes AFTER INSERT ON kept_message BEGIN
  INSERT OR IGNORE INTO held VALUES (NEW.account, NEW.service, NEW.reason, 0, 0);
  UPDATE held SET rows = rows + 1, bytes = bytes + octet_length(NEW.body)
    WHERE account = NEW.account AND service = NEW.service AND kind = NEW.reason;
END;
CREATE TRIGGER kept_message_goes AFTER DELETE ON kept_message BEGIN
  UPDATE held SET rows = rows - 1, bytes = bytes - octet_length(OLD.body)
    WHERE account = OLD.account AND service = OLD.service AND kind = OLD.reason;
END;
CREATE TRIGGER kept_message_changes AFTER UPDATE OF body ON kept_message BEGIN
  UPDATE held SET bytes = bytes + octet_length(NEW.body) - octet_length(OLD.body)
    WHERE account = NEW.account AND service = NEW.service AND kind = NEW.reason;
END;
CREATE TRIGGER forward_comes AFTER INSERT ON forward BEGIN
  INSERT OR IGNORE INTO held VALUES (NEW.account, NEW.service, 'FORWARD', 0, 0);
  UPDATE held SET rows = rows + 1, bytes = bytes + octet_length(NEW.body)
    WHERE account = NEW.account AND service = NEW.service AND kind = 'FORWARD';
END;
CREATE TRIGGER forward_goes AFTER DELETE ON forward BEGIN
  UPDATE held SET rows = rows - 1, bytes = bytes - octet_length(OLD.body)
    WHERE account = OLD.account AND service = OLD.service AND kind = 'FORWARD';
END;
CREATE TRIGGER forward_changes AFTER UPDATE OF body ON forward BEGIN
  UPDATE held SET bytes = bytes + octet_length(NEW.body) - octet_length(OLD.body)
    WHERE account = NEW.account AND service = NEW.service AND kind = 'FORWARD';
END;
CREATE TRIGGER external_grows AFTER UPDATE OF message_bytes ON request WHEN NEW.origin = 'EXTERNAL' BEGIN
  INSERT OR IGNORE INTO held VALUES (NEW.account, '', 'EXTERNAL', 0, 0);
  UPDATE held SET rows = rows + NEW.last_seq - OLD.last_seq, bytes = bytes + NEW.message_bytes - OLD.message_bytes
    WHERE account = NEW.account AND service = '' AND kind = 'EXTERNAL';
END;
-- A purge begins with taking the account away.
CREATE TRIGGER external_goes AFTER UPDATE OF account ON request WHEN OLD.origin = 'EXTERNAL' AND NEW.account = '' BEGIN
  UPDATE held SET rows = rows - OLD.last_seq, bytes = bytes - OLD.message_bytes
    WHERE account = OLD.account AND service = '' AND kind = 'EXTERNAL';
END;
