import { CHANGE_NOTED_EVERY_MS } from '../change-notes.ts';
import type { Owner } from '../carrier-owner.ts';
import { requestIdSpellings } from '../../thingspace/wire/carrier-request-id.ts';
import type { DatabaseSync } from 'node:sqlite';
import { OUTCOME_SERVICES } from '../../thingspace/wire/callback-meaning.ts';
import { keyIdFor, openInSql, unsealInSql, registerVault, sealInSql } from './sealing/sqlite-sealing.ts';
import { prepareStateStatements } from './state-statements.ts';
import type { Vault } from '../vault.ts';

// Columns are named as in the domain objects, so that a row needs little more to be one.
export const REQUEST = `pk, id, account, origin, operation, created_by AS createdBy, client_reference AS clientReference, retry_of AS retryOf,
  status, total, total_is_estimate AS totalIsEstimate, counts, last_seq AS lastSeq, error, created_at AS createdAt,
  updated_at AS updatedAt, completed_at AS completedAt`;
const CARRIER_REQUEST = `r.id AS requestId, c.position, c.service, c.carrier_request_id AS carrierRequestId, c.state,
  c.first_index AS firstIndex, c.device_count AS deviceCount, c.attempts, c.sent_at AS sentAt, c.answered_at AS answeredAt, c.error`;
const OUTCOME = 'outcome, outcome_status AS status, source, final_seq AS finalSeq, nidd_seq AS niddSeq, contradicted';
const EVENT = `seq, at, kind, position, ${OUTCOME}, ties, request_status AS requestStatus, counts, service,
  callback_count AS callbackCount, ${unsealInSql('event', 'message')} AS message`;
const UNCLAIMED = `'unc_' || pk AS id, account, service, carrier_request_id AS carrierRequestId, received_at AS receivedAt,
  callback_count AS callbackCount, digest, ${unsealInSql('unclaimed', 'message')} AS json`;
const DEAD_LETTER = `'dead_' || pk AS id, account, service, received_at AS receivedAt, reason, content_type AS contentType,
  content_encoding AS contentEncoding, ${unsealInSql('kept_message', 'body')} AS body`;
export const AUDIT = "'aud_' || pk AS id, at, caller, action, account, devices, subject, outcome";

/** `counts` is in the order of OUTCOME_STATUSES, then the unmatched callbacks. */
const DUE = `r.id AS requestId, r.account, r.origin, r.operation, c.position, c.state, c.carrier_request_id AS carrierRequestId,
  c.device_count AS deviceCount, coalesce(c.sent_at, r.created_at) AS since, r.updated_at AS updatedAt, r.counts ->> 0 AS pending,
  (r.counts ->> 0) + (r.counts ->> 1) + (r.counts ->> 7) AS open,
  (r.counts ->> 2) + (r.counts ->> 3) + (r.counts ->> 4) + (r.counts ->> 5) + (r.counts ->> 6) AS settled, r.counts ->> 8 AS unmatched`;

/**
 * Carrier requests by their state, through the index of the few that are not settled. SQLite uses a partial index only when the
 * statement repeats the condition of the index word for word. Without statistics it would rather read the whole table.
 */
const OPEN_CARRIER = `carrier_request c INDEXED BY carrier_request_open CROSS JOIN request r ON r.pk = c.request_pk
      WHERE c.state IN ('QUEUED', 'SENDING', 'UNKNOWN')`;

/** The highest number that an unclaimed callback ever had. Callbacks that come later have a higher one. */
const LAST_UNCLAIMED = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'unclaimed'), 0)";

/** The key that the table would give to the next copy. The copy is sealed for its place, so the key must be known before. */
const NEXT_FORWARD = '(SELECT coalesce(max(pk), 0) + 1 FROM forward)';

/** The services whose callbacks settle devices. */
const OF_OUTCOMES = [...OUTCOME_SERVICES].map((service) => `'${service}'`).join(', ');

/** For few rows that are named by their keys. SQLite uses no index beside "or all accounts". */
const OF_SOME_OR_ALL = '(?2 IS NULL OR account IN (SELECT value FROM json_each(?2)))';

/** Every statement of the store, prepared once. A list is one JSON parameter. Values that `vault` seals go in and come out plain. */
export function prepareStatements(db: DatabaseSync, vault: Vault) {
  registerVault(db, vault);
  const isPlain = vault.keyId === null;
  return {
    insertRequest: db.prepare(`INSERT INTO request (id, account, origin, operation, created_by, client_reference, idempotency_key,
      input_hash, retry_of, status, total, counts, last_seq, created_at, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'QUEUED', ?, '[]', 0, ?, ?)`),
    insertInput: db.prepare(`INSERT INTO request_input (request_pk, devices, settings, key_id) VALUES (?1,
      ${sealInSql(vault, 'request_input', 'devices', '?2', ['CAST(?1 AS INTEGER)'])},
      ${sealInSql(vault, 'request_input', 'settings', '?3', ['CAST(?1 AS INTEGER)'])}, ${keyIdFor(vault, '?3')})`),
    insertCarrierRequest: db.prepare(`INSERT INTO carrier_request (request_pk, position, service, carrier_request_id, state,
      first_index, device_count, device_decides, sent_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ${LAST_UNCLAIMED})`),
    requestByKey: db.prepare(
      'SELECT id, input_hash AS inputHash FROM request WHERE account = ? AND created_by = ? AND idempotency_key = ?',
    ),
    requestByPk: db.prepare(`SELECT ${REQUEST} FROM request WHERE pk = ?`),
    pkOfRequest: db.prepare('SELECT pk FROM request WHERE id = ?'),
    updateRequest: db.prepare(`UPDATE request SET status = ?1, counts = ?2, last_seq = ?3, state_seq = ?3, learnt_seq = ?4, quiet = ?5,
      message_bytes = ?6, updated_at = coalesce(?7, updated_at),
      changed_at = iif(?10 IS NOT NULL AND (changed_at = 0 OR ?10 > changed_at + ${CHANGE_NOTED_EVERY_MS}), ?10, changed_at),
      completed_at = CASE ?8 WHEN 'OPEN' THEN NULL WHEN 'COMPLETED_NOW' THEN ?7 ELSE coalesce(completed_at, ?7) END WHERE pk = ?9 RETURNING account`),
    ...prepareStateStatements(db),
    // The error of the first carrier request that has one. The success of a later one does not remove it.
    setRequestError: db.prepare(`UPDATE request SET error = (SELECT error FROM carrier_request
      WHERE request_pk = request.pk AND error IS NOT NULL ORDER BY position LIMIT 1) WHERE pk = ?`),
    updateCarrierRequest: db.prepare(`UPDATE carrier_request SET state = ?, carrier_request_id = coalesce(?, carrier_request_id),
      attempts = attempts + ?3, sent_after = iif(?3, ${LAST_UNCLAIMED}, sent_after), sent_at = coalesce(?, sent_at), answered_at = ?,
      error = ? WHERE request_pk = ? AND position = ? AND (?2 IS NULL OR carrier_request_id IS NULL)`),
    carrierIdOf: db.prepare('SELECT carrier_request_id AS id FROM carrier_request WHERE request_pk = ? AND position = ?'),
    releaseCarrierId: db.prepare('UPDATE carrier_request SET carrier_request_id = NULL WHERE request_pk = ? AND position = ?'),
    insertEvent: db.prepare(`INSERT INTO event (request_pk, seq, at, kind, position, outcome, outcome_status, source, final_seq,
      nidd_seq, contradicted, ties, request_status, counts, service, callback_count, digest, message, key_id)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
        ${sealInSql(vault, 'event', 'message', '?18', ['CAST(?1 AS INTEGER)', 'CAST(?2 AS INTEGER)'])}, ${keyIdFor(vault, '?18')})`),
    knownDigest: db.prepare('SELECT 1 FROM event WHERE request_pk = ? AND digest = ?'),
    eventsAfter: db.prepare(`SELECT ${EVENT} FROM event WHERE request_pk = ? AND seq > ? ORDER BY seq LIMIT ?`),
    eventsAfterIfReadable: db.prepare(`SELECT seq, at, kind, position, ${OUTCOME}, ties, request_status AS requestStatus, counts, service,
      callback_count AS callbackCount, ${openInSql('event', 'message')} AS message FROM event WHERE request_pk = ? AND seq > ? ORDER BY seq LIMIT ?`),
    outcomesAfter: db.prepare(`SELECT seq, ${OUTCOME} FROM event
      WHERE request_pk = ? AND seq > ? AND outcome IS NOT NULL ORDER BY seq`),
    eventsByPlace: db.prepare(`SELECT request_pk AS requestPk, ${EVENT} FROM json_each(?) place
      CROSS JOIN event ON request_pk = place.value ->> 0 AND seq = place.value ->> 1`),
    inputOf:
      db.prepare(`SELECT ${unsealInSql('request_input', 'devices')} AS devices, ${unsealInSql('request_input', 'settings')} AS settings
      FROM request_input WHERE request_pk = ?`),
    stepsAfter: db.prepare(`SELECT seq, at, kind, position, ties, outcome_status AS outcomeStatus, final_seq AS finalSeq,
      request_status AS requestStatus FROM event WHERE request_pk = (SELECT pk FROM request WHERE id = ?) AND seq > ? ORDER BY seq LIMIT ?`),
    settingsOf: db.prepare(`SELECT r.id, ${unsealInSql('request_input', 'settings')} AS settings
      FROM request r CROSS JOIN request_input ON request_pk = r.pk
      WHERE r.origin = 'GATEWAY' AND r.id IN (SELECT value FROM json_each(?))`),
    devicesOf: db.prepare(`SELECT device.value AS device FROM request_input
      CROSS JOIN json_each(${unsealInSql('request_input', 'devices')}) device WHERE request_pk = ? ORDER BY device.key`),
    carriersOf: db.prepare(
      `SELECT first_index AS firstIndex, device_count AS deviceCount, device_decides AS deviceDecides, state, tallies, owed FROM carrier_request
        WHERE request_pk = ? ORDER BY position`,
    ),
    carrierById:
      db.prepare(`SELECT c.request_pk AS pk, c.position, c.service, r.account, r.origin FROM carrier_request c JOIN request r ON r.pk = c.request_pk
      WHERE c.carrier_request_id IN (SELECT value FROM json_each(?))`),
    requestsByIds: db.prepare(`SELECT ${REQUEST} FROM request WHERE id IN (SELECT value FROM json_each(?))`),
    requestBefore: db.prepare(`SELECT coalesce((SELECT pk - 1 FROM request WHERE id = :id),
      (SELECT pk FROM request WHERE id < :id AND id > 'req_' ORDER BY id DESC LIMIT 1), 0) AS pk`),
    // The Requests that a text of a search names. Those of a device are in the order of their keys already.
    requestsOfSearch: db.prepare(`SELECT request_pk AS pk FROM carrier_request
        WHERE carrier_request_id IN (SELECT value FROM json_each(:carrierIds))
      UNION ALL SELECT pk FROM request WHERE id = :searchId
      UNION ALL SELECT pk FROM request WHERE client_reference BETWEEN :reference AND :lastReference LIMIT :few`),
    // One look for each account, along the index.
    lastChange: db.prepare(`WITH RECURSIVE noted (account) AS (
        SELECT min(account) FROM request INDEXED BY request_changed WHERE account > '' AND changed_at > 0
        UNION ALL SELECT (SELECT min(account) FROM request INDEXED BY request_changed WHERE account > noted.account AND changed_at > 0)
        FROM noted WHERE noted.account IS NOT NULL
      ) SELECT coalesce(max((SELECT max(changed_at) FROM request INDEXED BY request_changed
        WHERE account = noted.account AND changed_at > 0)), 0) AS at FROM noted WHERE account IS NOT NULL`),
    lastChangeOf: db.prepare(`SELECT coalesce(max(changed_at), 0) AS at FROM request INDEXED BY request_changed
      WHERE account = ? AND changed_at > 0`),
    changesAfter: db.prepare(`SELECT ${REQUEST}, changed_at AS changedAt FROM request INDEXED BY request_changed
      WHERE account = ?1 AND changed_at > 0 AND (changed_at, pk) > (?2, ?3) ORDER BY changed_at, pk LIMIT ?4`),
    requestSpans: db.prepare(`SELECT span FROM request_span
      WHERE first_at < :until AND last_at >= :since AND span <= :last / 4096 ORDER BY span DESC`),
    requestByCarrierId: db.prepare(`SELECT ${REQUEST} FROM request WHERE pk =
      (SELECT request_pk FROM carrier_request WHERE carrier_request_id IN (SELECT value FROM json_each(?)) LIMIT 1)`),
    carrierRequestsOf: db.prepare(`SELECT ${CARRIER_REQUEST} FROM carrier_request c JOIN request r ON r.pk = c.request_pk
      WHERE r.id IN (SELECT value FROM json_each(?)) ORDER BY c.request_pk, c.position`),
    // A row has one key, so the settings are sealed again together with the devices.
    setMembers: db.prepare(`UPDATE request_input SET devices = ${sealInSql(vault, 'request_input', 'devices', '?1')},
      settings = ${sealInSql(vault, 'request_input', 'settings', unsealInSql('request_input', 'settings'))}, key_id = ${keyIdFor(vault, '?1')}
      WHERE request_pk = ?2`),
    setEstimate: db.prepare('UPDATE request SET total = ?, total_is_estimate = 1, indexed_seq = -1 WHERE pk = ?'),
    usesOf: db.prepare(`SELECT i.key, count(*) AS count FROM json_each(?1) w CROSS JOIN identifier i ON i.key = w.value
      CROSS JOIN request r ON r.pk = i.request_pk WHERE r.account = ?2 AND (?3 IS NULL OR r.operation IN (SELECT value FROM json_each(?3)))
        AND r.created_at >= ?4 AND r.created_at < ?5 AND NOT (?6 AND r.completed_at IS NOT NULL) AND r.status NOT IN ('REJECTED', 'CANCELLED') GROUP BY i.key`),
    retrySpans: db.prepare(`SELECT retry_of AS id, count(*) AS count, min(created_at) AS firstAt, max(created_at) AS lastAt
      FROM request WHERE retry_of IN (SELECT value FROM json_each(?)) GROUP BY retry_of`),
    // From the Request after which the page begins, or the one made before it when that one is purged.
    retryPages: db.prepare(`SELECT page, ${REQUEST} FROM (
      SELECT r.*, w.key AS page FROM json_each(?1) w CROSS JOIN request r ON r.pk IN (
        SELECT pk FROM request WHERE retry_of = w.value ->> 0
          AND pk > coalesce((SELECT pk FROM request WHERE id <= w.value ->> 1 ORDER BY id DESC LIMIT 1), 0) ORDER BY pk LIMIT ?2)
    ) ORDER BY page, pk`),
    due: db.prepare(`SELECT ${DUE} FROM json_each(?) o CROSS JOIN request r ON r.pk = o.value
      CROSS JOIN carrier_request c ON c.request_pk = r.pk
      WHERE r.completed_at IS NULL AND c.state IN ('ACCEPTED', 'UNKNOWN')
        AND (coalesce(c.sent_at, r.created_at) <= ? OR r.counts ->> 8 > 0)`),
    completedUnmatched: db.prepare(`SELECT ${DUE} FROM request r INDEXED BY request_completed CROSS JOIN carrier_request c
      ON c.request_pk = r.pk WHERE r.completed_at > ? AND r.counts ->> 8 > 0 AND c.state = 'ACCEPTED'`),
    askable: db.prepare(`SELECT ${DUE} FROM request r CROSS JOIN carrier_request c ON c.request_pk = r.pk
      WHERE r.id = ? AND c.state IN ('ACCEPTED', 'UNKNOWN') ORDER BY c.position`),
    setCarrierState: db.prepare('UPDATE carrier_request SET state = ? WHERE request_pk = ? AND position = ?'),
    sendingCarriers: db.prepare(`SELECT r.id, c.position, c.device_count AS deviceCount FROM ${OPEN_CARRIER} AND c.state = 'SENDING'`),
    queuedCarriers: db.prepare(
      `SELECT r.id, c.position, c.device_count AS deviceCount FROM ${OPEN_CARRIER} AND c.state = 'QUEUED' LIMIT ?`,
    ),
    queuedRequests: db.prepare(`SELECT DISTINCT r.id FROM ${OPEN_CARRIER} AND c.state = 'QUEUED' ORDER BY r.pk`),
    // As many as may wait, at most.
    waiting: db.prepare(`SELECT count(*) AS "all", coalesce(sum(created_by = ?), 0) AS own FROM request INDEXED BY request_open
      WHERE completed_at IS NULL AND status IN ('QUEUED', 'SUBMITTING')`),
    // A request may reach the carrier at any time until it is answered. None takes an hour.
    sentSince: db.prepare(`SELECT max(c.sent_at, coalesce(c.answered_at, 0)) AS sentAt, c.attempts
      FROM carrier_request c JOIN request r ON r.pk = c.request_pk
      WHERE c.sent_at > ?1 - 3600000 AND max(c.sent_at, coalesce(c.answered_at, 0)) > ?1 AND r.operation = ?2 ORDER BY 1`),
    insertUnclaimed: db.prepare(`INSERT INTO unclaimed (account, service, carrier_request_id, received_at, callback_count, digest,
      message, key_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ${sealInSql(vault, 'unclaimed', 'message', '?7', ['?1', '?2', 'hex(?6)'])},
      ${keyIdFor(vault, '?7')}) ON CONFLICT DO NOTHING`),
    knownUnclaimed: db.prepare('SELECT 1 FROM unclaimed WHERE account = ? AND service = ? AND digest = ?'),
    unclaimedKeys: db.prepare('SELECT pk FROM unclaimed WHERE carrier_request_id = ? AND account = ? AND pk > ? ORDER BY pk LIMIT ?'),
    countOfId: db.prepare('SELECT count(*) AS rows FROM (SELECT 1 FROM unclaimed WHERE carrier_request_id = ? AND account = ? LIMIT ?)'),
    unclaimedAfter: db.prepare(
      `SELECT pk, account, carrier_request_id AS carrierRequestId FROM unclaimed WHERE pk > ? ORDER BY pk LIMIT ?`,
    ),
    // The first messages of an id tell its service and its time. A sender may give one id very many.
    unclaimedGroup:
      db.prepare(`SELECT min(service) AS service, min(received_at) AS firstAt, min(pk) AS firstPk FROM (SELECT pk, service, received_at
      FROM unclaimed WHERE carrier_request_id = ? AND account = ? AND service IN (${OF_OUTCOMES}) ORDER BY pk LIMIT ?)`),
    sentBefore: db.prepare(`SELECT 1 FROM ${OPEN_CARRIER} AND c.state = 'SENDING' AND r.account = ? AND c.sent_after < ?`),
    // Through the requests that have an identifier, so that the number of the lost ones does not matter.
    lostNaming: db.prepare(`SELECT DISTINCT r.id, r.pk, c.position FROM identifier i CROSS JOIN request r ON r.pk = i.request_pk
      CROSS JOIN carrier_request c ON c.request_pk = r.pk
      WHERE i.key IN (SELECT value FROM json_each(?1)) AND r.account = ?2 AND c.service = ?3 AND c.sent_after < ?4
        AND c.carrier_request_id IS NULL AND c.state IN ('UNKNOWN', 'ACCEPTED', 'CLOSED')`),
    // Two are enough to know that it is not one.
    lostNameless: db.prepare(`SELECT r.id, r.pk, c.position
      FROM carrier_request c INDEXED BY carrier_request_without_id CROSS JOIN request r ON r.pk = c.request_pk
      WHERE c.carrier_request_id IS NULL AND c.state IN ('UNKNOWN', 'ACCEPTED', 'CLOSED') AND c.state <> 'CLOSED'
        AND r.account = ?1 AND c.service = ?2 AND c.sent_after < ?3
        AND NOT EXISTS (SELECT 1 FROM device_key k WHERE k.request_pk = c.request_pk AND k.position = c.position) LIMIT 2`),
    lostToIndex: db.prepare(`SELECT r.pk, r.indexed_seq AS indexedSeq
      FROM carrier_request c INDEXED BY carrier_request_without_id CROSS JOIN request r ON r.pk = c.request_pk
      WHERE c.carrier_request_id IS NULL AND c.state IN ('UNKNOWN', 'ACCEPTED', 'CLOSED') AND r.indexed_seq < 0 LIMIT 1`),
    lastSeqOf: db.prepare('SELECT last_seq AS lastSeq FROM request WHERE pk = ?'),
    // Some requests at a time: in most stores none is left.
    notTakenOver:
      db.prepare(`SELECT max(pk) AS last, min(iif(account <> '' AND (state_seq < last_seq OR keyed < coalesce(total, 0)), pk, NULL)) AS next
      FROM (SELECT pk, account, state_seq, last_seq, keyed, total FROM request WHERE pk > ? ORDER BY pk LIMIT 2000)`),
    unclaimedByPk: db.prepare(`SELECT ${UNCLAIMED} FROM unclaimed WHERE pk = ?`),
    unclaimedByIds: db.prepare(`SELECT ${UNCLAIMED} FROM unclaimed WHERE pk IN (SELECT value FROM json_each(?1)) AND ${OF_SOME_OR_ALL}`),
    held: db.prepare('SELECT rows, bytes FROM held WHERE account = ? AND service = ? AND kind = ?'),
    heldByKind: db.prepare('SELECT kind, sum(rows) AS rows FROM held GROUP BY kind HAVING sum(rows) > 0'),
    insertDeadLetter: db.prepare(`INSERT INTO kept_message
      (account, service, received_at, reason, content_type, digest, body, key_id, content_encoding)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ${sealInSql(vault, 'kept_message', 'body', '?7', ['?1', '?2', '?4', 'hex(?6)'])},
      ${keyIdFor(vault, '?7')}, ?8) ON CONFLICT DO NOTHING`),
    knownDeadLetter: db.prepare('SELECT 1 FROM kept_message WHERE account = ? AND service = ? AND reason = ? AND digest = ?'),
    deadLetterByPk: db.prepare(`SELECT ${DEAD_LETTER} FROM kept_message WHERE pk = ?`),
    deadLettersByIds: db.prepare(`SELECT ${DEAD_LETTER} FROM kept_message WHERE pk IN (SELECT value FROM json_each(?1))
      AND ${OF_SOME_OR_ALL}`),
    deleteDeadLetter: db.prepare('DELETE FROM kept_message WHERE pk = ?'),
    insertForward: db.prepare(`INSERT INTO forward (pk, account, service, received_at, content_type, body, key_id, content_encoding)
      VALUES (${isPlain ? 'NULL' : NEXT_FORWARD}, ?1, ?2, ?3, ?4,
      ${sealInSql(vault, 'forward', 'body', '?5', ['?1', '?2', NEXT_FORWARD])}, ${keyIdFor(vault, '?5')}, ?6)`),
    forwardLanes: db.prepare("SELECT account, service, rows FROM held WHERE kind = 'FORWARD' AND rows > 0"),
    forwardPage: db.prepare(`SELECT CAST(pk AS TEXT) AS id, received_at AS receivedAt, content_type AS contentType,
      content_encoding AS contentEncoding, ${unsealInSql('forward', 'body')} AS body FROM forward
      WHERE account = ? AND service = ? ORDER BY pk LIMIT ?`),
    forwardHead: db.prepare('SELECT received_at AS receivedAt FROM forward WHERE account = ? AND service = ? ORDER BY pk LIMIT 1'),
    deleteForwards: db.prepare('DELETE FROM forward WHERE pk IN (SELECT value FROM json_each(?))'),
    openRequests: db.prepare(`SELECT status, pk, coalesce(counts ->> 1, 0) AS overdue FROM request INDEXED BY request_open
      WHERE completed_at IS NULL AND (status, pk) > (?, ?) ORDER BY status, pk LIMIT 500`),
    requestToIndex: db.prepare('SELECT pk, indexed_seq AS indexedSeq FROM request WHERE indexed_seq < last_seq ORDER BY pk LIMIT 1'),
    insertIdentifiers: db.prepare('INSERT OR IGNORE INTO identifier (key, request_pk) SELECT value, ?2 FROM json_each(?1)'),
    // What follows a stem in a key is before `g`: digits, and the padding of an ICCID.
    // It looks up the next key, and the next, because a device may have very many requests.
    identifiersLike: db.prepare(`WITH RECURSIVE found (key) AS (
        SELECT min(key) FROM identifier WHERE key >= ?1 AND key < ?1 || 'g'
        UNION ALL SELECT (SELECT min(key) FROM identifier WHERE key > found.key AND key < ?1 || 'g') FROM found WHERE found.key IS NOT NULL
      ) SELECT key FROM found WHERE key IS NOT NULL`),
    setIndexed: db.prepare('UPDATE request SET indexed_seq = ? WHERE pk = ?'),
    insertAudit: db.prepare('INSERT INTO audit (at, caller, action, account, devices, subject, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)'),
    auditByIds: db.prepare(`SELECT ${AUDIT} FROM audit WHERE pk IN (SELECT value FROM json_each(?1)) AND ${OF_SOME_OR_ALL}`),
    setFact: db.prepare('INSERT INTO fact (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'),
    deleteFact: db.prepare('DELETE FROM fact WHERE key = ?'),
    fact: db.prepare('SELECT value FROM fact WHERE key = ?'),
    hiddenRequest: db.prepare("SELECT pk FROM request WHERE account = '' ORDER BY pk LIMIT 1"),
    purgeableRequests: db.prepare('SELECT pk, id FROM request WHERE completed_at < ? ORDER BY completed_at LIMIT ?'),
    hideRequest: db.prepare(`UPDATE request SET id = 'purged_' || pk, account = '', client_reference = NULL, idempotency_key = NULL,
      retry_of = NULL, indexed_seq = last_seq WHERE pk = ?`),
    purgeCarriers: db.prepare('DELETE FROM carrier_request WHERE request_pk = ? RETURNING carrier_request_id AS id'),
    eventSizes: db.prepare(`SELECT seq AS key, coalesce(octet_length(message), 0) AS bytes FROM event WHERE request_pk = ?
      ORDER BY seq LIMIT ?`),
    purgeEvents: db.prepare('DELETE FROM event WHERE request_pk = ? AND seq <= ?'),
    purgeIdentifiers: db.prepare(`DELETE FROM identifier WHERE request_pk = :pk AND key IN
      (SELECT key FROM identifier WHERE request_pk = :pk LIMIT :limit)`),
    purgeInput: db.prepare('DELETE FROM request_input WHERE request_pk = ?'),
    purgeRequest: db.prepare('DELETE FROM request WHERE pk = ?'),
    oldUnclaimed: db.prepare(`SELECT pk AS key, octet_length(message) AS bytes FROM unclaimed WHERE received_at < ?
      ORDER BY received_at LIMIT ?`),
    purgeUnclaimed: db.prepare('DELETE FROM unclaimed WHERE pk IN (SELECT value FROM json_each(?))'),
    oldDeadLetters: db.prepare(`SELECT pk AS key, octet_length(body) AS bytes FROM kept_message WHERE received_at < ?
      ORDER BY received_at LIMIT ?`),
    purgeDeadLetters: db.prepare('DELETE FROM kept_message WHERE pk IN (SELECT value FROM json_each(?))'),
  };
}

export type Statements = ReturnType<typeof prepareStatements>;

/** The carrier request that has this id, in any of its spellings. */
export function findCarrier({ carrierById }: Pick<Statements, 'carrierById'>, carrierRequestId: string): Owner | null {
  return (carrierById.get(JSON.stringify(requestIdSpellings(carrierRequestId))) as Owner | undefined) ?? null;
}

/** A small fact of the store, by its key. */
export function readFact({ fact }: Pick<Statements, 'fact'>, key: string): string | null {
  return (fact.get(key) as { value: string } | undefined)?.value ?? null;
}
