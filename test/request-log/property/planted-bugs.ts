import type { Edit } from '../../support/planted-tree.ts';
import type { FreeOperation } from './free-operations.ts';
import type { OperationType } from './operations.ts';
import { SMALL_MEMORY, SMALL_STEPS } from './small-memory.ts';

export interface PlantedBug {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The search that must find it. Without it, the search against the model must. */
  readonly search?: 'FREE';
  /** What provokes it, for a bug that few operations show: the search draws these alone. */
  readonly aim?: readonly OperationType[];
  readonly freeAim?: readonly FreeOperation['type'][];
  /** True for a bug that takes hundreds of runs. Only a longer search looks for it. */
  readonly isRare?: boolean;
}

const WRITER = 'datasources/request-log/sqlite/sqlite-writer.ts';
const TRANSITION = 'datasources/request-log/transition.ts';
const STEPS = 'datasources/request-log/sending-steps.ts';
const CHANGES = 'datasources/request-log/sqlite/request-changes.ts';
const EFFECTS = 'datasources/request-log/device-effects.ts';
const SETTLE = 'datasources/request-log/settle-devices.ts';
const SET = 'datasources/request-log/working-set.ts';
const STATEMENTS = 'datasources/request-log/sqlite/sqlite-statements.ts';
const READER = 'datasources/request-log/sqlite/sqlite-outcomes.ts';

function bug(name: string, file: string, find: string, replace: string, aim?: readonly OperationType[]): PlantedBug {
  return { name, edits: [{ file, find, replace }], ...(aim && { aim }) };
}

/** Bugs that the search must find. Each is a mistake that somebody might make in the file it names. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  bug('a resend is not recognised', WRITER, "if (this.#sql.knownDigest.get(owner.pk, digest)) return 'DUPLICATE';", ''),
  bug('a resend is another message', 'datasources/thingspace/wire/callback-body.ts', " || known === 'callbackcount'", ''),
  bug('the last final callback wins', EFFECTS, "if (now.source !== 'CALLBACK' || (now.isSettledByPart && !message.isPart))", 'if (now)'),
  bug('a contradiction is not flagged', EFFECTS, 'outcome: { ...same, contradicted: true }', 'outcome: same'),
  bug(
    'what was reconciled stands against a callback',
    EFFECTS,
    "if (now.source !== 'CALLBACK' || (now.isSettledByPart && !message.isPart))",
    'if (now.source === null)',
  ),
  bug(
    'an answer of the carrier overrides a callback',
    TRANSITION,
    "!(now.status === 'EXPIRED' || UNSETTLED.includes(now.status))",
    'false',
  ),
  {
    ...bug(
      'a lapse expires what has failed',
      TRANSITION,
      "into === 'OVERDUE' ? ['PENDING'] : UNSETTLED, {",
      "into === 'OVERDUE' ? ['PENDING'] : [...UNSETTLED, 'FAILED'], {",
      ['submit', 'callback', 'lapse'],
    ),
    isRare: true,
  },
  bug('a lapse does not mind its limit', SETTLE, 'let left = limit;', 'let left = limit + 1;'),
  bug(
    'a NIDD message settles a device',
    EFFECTS,
    "{ kind: 'NIDD', outcome: { ...same, niddSeq: row } }",
    "{ kind: 'NIDD', outcome: { ...same, niddSeq: row, status: 'FAILED' } }",
    ['submit', 'step', 'callback'],
  ),
  bug(
    'a terminal status stands before the last row of a change',
    TRANSITION,
    'each.status = each === last ? set.state.status : status',
    'each.status = set.state.status',
  ),
  bug(
    'nobody claims what came before the id',
    WRITER,
    'if (this.unclaimed.begin(carrierRequestId, owner))',
    "if (owner.account === '' && this.unclaimed.begin(carrierRequestId, owner))",
  ),
  bug(
    'a claim takes the other account’s messages away',
    STATEMENTS,
    "'SELECT pk FROM unclaimed WHERE carrier_request_id = ? AND account = ? AND pk > ?",
    "'SELECT pk FROM unclaimed WHERE carrier_request_id = ? AND length(?) > 0 AND pk > ?",
  ),
  bug(
    'another account’s callback is applied',
    WRITER,
    'if (owner && owner.account !== account) return',
    'if (owner && owner.account === null) return',
  ),
  bug('a message by another service settles a device', WRITER, 'if (!awaits(owner, callback)) return', "if (service === '') return"),
  bug('a claim settles a device by another service', WRITER, 'if (!awaits(owner, callback)) move', 'if (!row) move'),
  bug('an answer does not win over a person', STEPS, "|| (isAnswer(step) && state === 'CANCELLED')", '', [
    'create',
    'submit',
    'step',
    'cancel',
  ]),
  bug('a device is counted twice', SET, 'counts[device.status]--;', ''),
  bug(
    'what a callback teaches is not learnt',
    SET,
    'if (event.outcome && message) this.#learn(',
    'if (event.ties && event.outcome && message) this.#learn(',
  ),
  {
    ...bug(
      'what a late match teaches is not learnt',
      SET,
      'if (event.outcome && message) this.#learn(',
      'if (!event.ties && event.outcome && message) this.#learn(',
    ),
    isRare: true,
  },
  bug('a place in the log is skipped after a rollback', CHANGES, '    this.#states.clear();\n', ''),
  {
    ...bug('an id that was rolled back is remembered', WRITER, '    this.#carriers.clear();\n    this.#pks.clear();\n', ''),
    isRare: true,
  },
  bug(
    'what was being sent at a death is still being sent',
    'datasources/request-log/sqlite/recover.ts',
    "writer.step(id, position, { type: 'UNANSWERED', error: INTERRUPTED });",
    '',
  ),
  bug('what has left is cancelled', STEPS, "CANCELLED: ['QUEUED', 'UNKNOWN']", "CANCELLED: ['QUEUED', 'UNKNOWN', 'SENDING']"),
  bug('one carrier request is sent twice', STEPS, "SENDING: ['QUEUED'],", "SENDING: ['QUEUED', 'SENDING'],", ['create', 'submit', 'step']),
  bug('a second id cuts off the first', WRITER, 'if (changes === 0) return false;', ''),
  bug(
    'an idempotency key is shared between accounts',
    STATEMENTS,
    'FROM request WHERE account = ? AND created_by',
    'FROM request WHERE length(?) > 0 AND created_by',
  ),
  bug('other input under the same key is the same request', WRITER, "=== 0 ? 'EXISTS' : 'KEY_REUSED'", "< 2 ? 'EXISTS' : 'KEY_REUSED'"),
  {
    ...bug(
      'a request that goes on stays completed',
      STATEMENTS,
      "CASE ?8 WHEN 'OPEN' THEN NULL WHEN",
      "CASE ?8 WHEN 'OPEN' THEN completed_at WHEN",
    ),
    isRare: true,
  },
  bug(
    'a carrier request is closed in memory only',
    'datasources/request-log/sqlite/sqlite-follow-up.ts',
    "this.#sql.setCarrierState.run('CLOSED', pk, position);",
    ';',
  ),
  bug(
    'what the carrier tells of a device is not learnt',
    TRANSITION,
    "set.apply({ kind: 'LEARNT', position, outcome: unchanged(index, now), callback: answer, ties: 0 });",
    "set.apply({ kind: 'LEARNT', position, outcome: unchanged(index, now), callback: null, ties: 0 });",
  ),
  bug('another tool’s request stays closed', WRITER, '      this.#reopen(owner, receivedAt);\n', '', [
    'external',
    'settle',
    'lapse',
    'resend',
  ]),
  bug(
    'members are set after it has left',
    'datasources/request-log/sqlite/sqlite-sending.ts',
    "if (!state.devicesKnown && state.carrierState(0) === 'QUEUED') writer",
    'if (!state.devicesKnown) writer',
  ),
  bug(
    'another tool’s request is made while one is on its way',
    'datasources/request-log/sqlite/settle-unclaimed.ts',
    'if (sql.sentBefore.get(group.account, group.firstPk)) return;',
    '',
    ['create', 'step', 'external', 'settle'],
  ),
  bug('another tool’s request is made too early', 'datasources/request-log/sqlite/settle-unclaimed.ts', ' && group.firstAt < before', ''),
  bug(
    'an open request is purged',
    STATEMENTS,
    'FROM request WHERE completed_at < ? ORDER BY completed_at',
    'FROM request WHERE created_at < ? ORDER BY created_at',
  ),
  {
    ...bug(
      'a purged request’s id leads to its place',
      WRITER,
      'for (const id of carrierRequestIds) this.#carriers.delete(cleanRequestId(id));',
      '',
    ),
    search: 'FREE',
    isRare: true,
  },
  bug(
    'a follower skips a row of the table',
    READER,
    'this.#sql.eventsAfter, pk, afterSeq, limit)',
    'this.#sql.eventsAfter, pk, afterSeq === 4 ? 5 : afterSeq, limit)',
  ),
  bug(
    'a batch goes on past the end of the Request',
    'datasources/request-log/batch-rows.ts',
    'return end < 0 ? rows : rows.slice(0, end + 1);',
    'return rows;',
  ),
  bug(
    'the cap of kept messages does not hold',
    'datasources/request-log/sqlite/sqlite-dead-letters.ts',
    "if (!hasRoomFor(sql, { ...limits, messages }, message, reason, body.byteLength)) return 'PATH_FULL';",
    '',
  ),
  bug(
    'a resend is forwarded again',
    'datasources/request-log/sqlite/unclaimed-messages.ts',
    'if (this.#sql.knownUnclaimed.get(account, service, digest)) return',
    "if (this.#sql.knownUnclaimed.get(account, service, digest)) this.#forwards.add(callback);\n    if (account === '') return",
  ),
  {
    ...bug(
      'a callback is acknowledged before it is stored',
      'datasources/request-log/sqlite/sqlite-intake.ts',
      'return this.#parts.commits.run(() => this.#parts.writer.append(callback));',
      "return void this.#parts.commits.run(() => this.#parts.writer.append(callback)).catch(() => undefined), Promise.resolve('APPLIED');",
    ),
    search: 'FREE',
  },
  bug(
    'a duplicate is not sought with its device',
    TRANSITION,
    "if (!isOther && isDuplicate(set, position, callback, named)) return 'DUPLICATE';",
    '',
  ),
  bug('what a message told is taken for learnt when it is not', SET, 'if (wasLearnt) state.learntSeq = seq;', 'state.learntSeq = seq;', [
    'create',
    'step',
    'callback',
  ]),
  bug('a device that has reported still counts as open', SET, 'addDevice(carrier.withoutFinal, change.index, -1);', ';'),
  {
    name: 'what a step owes to the last devices is forgotten',
    search: 'FREE',
    freeAim: ['submit', 'step', 'callback'],
    edits: [...SMALL_STEPS, { file: SETTLE, find: 'if (next !== null) rest = { ...owed, next };', replace: '' }],
  },
  {
    name: 'a state that was forgotten within its transaction is written back as it was',
    edits: [
      ...SMALL_MEMORY,
      { file: CHANGES, find: 'this.#touched.get(pk)?.state ?? this.#states.get(pk)', replace: 'this.#states.get(pk)' },
    ],
  },
];
