import type { DatabaseSync } from 'node:sqlite';
import { openInSql } from './sealing/sqlite-sealing.ts';

const DEVICE_ROW = `outcome AS "index", seq, position, kind, status, source, final_seq AS finalSeq, nidd_seq AS niddSeq, contradicted,
  flags, digest`;

/** The statements of what a change reads by key and leaves beside the log. */
export function prepareStateStatements(db: DatabaseSync) {
  return {
    stateOf: db.prepare(`SELECT id AS requestId, status, total, counts, last_seq AS lastSeq, state_seq AS stateSeq, learnt_seq AS learntSeq,
      keyed, quiet, message_bytes AS messageBytes FROM request WHERE pk = ?`),
    countsAt: db.prepare('SELECT counts FROM event WHERE request_pk = ? AND seq = ?'),
    setKeyed: db.prepare('UPDATE request SET keyed = ? WHERE pk = ?'),
    setTakenOver: db.prepare('UPDATE request SET state_seq = ?, learnt_seq = ?, quiet = ? WHERE pk = ?'),
    setTallies: db.prepare('UPDATE carrier_request SET tallies = ?, owed = ? WHERE request_pk = ? AND position = ?'),
    insertOwed: db.prepare('INSERT OR IGNORE INTO owed (request_pk, position) VALUES (?, ?)'),
    deleteKeysOf: db.prepare('DELETE FROM device_key WHERE request_pk = ?'),
    deleteOwed: db.prepare('DELETE FROM owed WHERE request_pk = ? AND position = ?'),
    firstOwed: db.prepare('SELECT request_pk AS pk, position FROM owed LIMIT 1'),
    insertDeviceEvent: db.prepare('INSERT INTO device_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    rowsOfDevice: db.prepare(`SELECT ${DEVICE_ROW} FROM device_event WHERE request_pk = ? AND outcome = ? ORDER BY seq`),
    newestRows: db.prepare(`SELECT ${DEVICE_ROW}, max(seq) AS newest FROM device_event
      WHERE request_pk = ? AND outcome >= ? AND outcome < ? GROUP BY outcome`),
    insertDeviceKeys: db.prepare(`INSERT OR IGNORE INTO device_key (request_pk, position, stem, outcome, key)
      SELECT ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)`),
    // As `fits` says: the device has the key, or none of its length.
    devicesFitting: db.prepare(`SELECT outcome AS "index", max(key = ?4) AS isExact FROM device_key
      WHERE request_pk = ?1 AND position = ?2 AND stem = ?3
      GROUP BY outcome HAVING max(key = ?4) OR NOT max(length(key) = length(?4)) LIMIT ?5`),
    keysOfDevice: db.prepare('SELECT key FROM device_key INDEXED BY device_key_by_device WHERE request_pk = ? AND outcome = ?'),
    insertUnmatched: db.prepare('INSERT INTO unmatched VALUES (?, ?, ?, ?)'),
    insertUnmatchedKeys: db.prepare('INSERT INTO unmatched_key SELECT ?2, ?3, value, ?4 FROM json_each(?1)'),
    deleteUnmatched: db.prepare('DELETE FROM unmatched WHERE request_pk = ? AND position = ? AND bearing = ? AND seq = ?'),
    deleteUnmatchedKeys: db.prepare(`DELETE FROM unmatched_key
      WHERE request_pk = ?2 AND position = ?3 AND stem IN (SELECT value FROM json_each(?1)) AND seq = ?4`),
    unmatchedNaming: db.prepare('SELECT seq FROM unmatched_key WHERE request_pk = ? AND position = ? AND stem = ? ORDER BY seq LIMIT ?'),
    unmatchedOf: db.prepare('SELECT seq FROM unmatched WHERE request_pk = ? AND position = ? AND bearing = ? ORDER BY seq LIMIT ?'),
    messageAt: db.prepare(`SELECT service, ${openInSql('event', 'message')} AS message FROM event WHERE request_pk = ? AND seq = ?`),
    messagesAfter: db.prepare(`SELECT seq, position, outcome AS "index", service, ${openInSql('event', 'message')} AS message FROM event
      WHERE request_pk = ? AND seq > ? ORDER BY seq LIMIT ?`),
    purgeDeviceEvents: purgePart(db, 'device_event', 'outcome, seq'),
    purgeDeviceKeys: purgePart(db, 'device_key', 'position, stem, outcome, key'),
    purgeUnmatched: purgePart(db, 'unmatched', 'position, bearing, seq'),
    purgeUnmatchedKeys: purgePart(db, 'unmatched_key', 'position, stem, seq'),
  };
}

/** Deletes some rows of a Request. */
function purgePart(db: DatabaseSync, table: string, key: string) {
  return db.prepare(`DELETE FROM ${table} WHERE request_pk = :pk AND (${key}) IN
    (SELECT ${key} FROM ${table} WHERE request_pk = :pk LIMIT :limit)`);
}
