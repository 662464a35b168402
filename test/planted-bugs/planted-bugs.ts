import type { CampaignOptions } from '../crash/campaign/campaign-options.ts';
import type { Column } from '../crash/campaign/tally.ts';
import type { Edit } from '../support/planted-tree.ts';

/** A bug that a test of the promises must find. */
export interface PlantedBug {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What provokes it. */
  readonly aim: Partial<CampaignOptions>;
  /** It must show in at least one of these columns. */
  readonly shows: readonly Column[];
}

const DOOR = 'server/callbacks/callbacks.ts';
const ACKNOWLEDGE = `response.writeHead(200, ACKNOWLEDGED).end('{}');`;
const OPEN = 'datasources/request-log/sqlite/sqlite-open.ts';

/** A life that is long enough, on a slow machine too, for subscribers to have a cursor when it ends. */
const AFTER_SOME_EVENTS: Partial<CampaignOptions> = { endings: ['random'], kills: 1, lifeMs: [2_000, 3_000] };

/** Such a life ends as soon as the carrier has a POST. On a slow machine that takes longer than a usual life lasts. */
const WHILE_SENDING: Partial<CampaignOptions> = { endings: ['sent'], kills: 1, lifeMs: [3_000, 3_000] };

export const ACKNOWLEDGED_BEFORE_COMMIT: PlantedBug = {
  name: 'a callback is acknowledged before it is committed',
  edits: [
    { file: DOOR, find: `  ${ACKNOWLEDGE}\n  metrics`, replace: '  metrics' },
    { file: DOOR, find: '  const result = await', replace: `  ${ACKNOWLEDGE}\n  const result = await` },
  ],
  // Lives are long enough that callbacks are in every commit when one ends.
  aim: { endings: ['power'], kills: 2, lifeMs: [2_000, 3_000] },
  shows: ['lost'],
};

export const NOT_SYNCED: PlantedBug = {
  name: 'a commit is not synced',
  edits: [
    { file: OPEN, find: 'PRAGMA synchronous = FULL;', replace: 'PRAGMA synchronous = NORMAL;' },
    { file: OPEN, find: 'synchronous: 2', replace: 'synchronous: 1' },
  ],
  // Without the pragma only the moves of the log are synced, and one sync in three of them shows the bug.
  aim: { endings: ['power'], kills: 4, lifeMs: [2_000, 3_000] },
  shows: ['lost'],
};

export const PLANTED_BUGS: readonly PlantedBug[] = [
  ACKNOWLEDGED_BEFORE_COMMIT,
  NOT_SYNCED,
  {
    name: 'a duplicate is not recognised',
    edits: [
      {
        file: 'datasources/thingspace/wire/callback-body.ts',
        find: `hash('sha256', json, 'buffer')`,
        replace: `hash('sha256', json + Math.random(), 'buffer')`,
      },
    ],
    aim: { endings: ['random'], kills: 1, copied: 0.5 },
    shows: ['double'],
  },
  {
    name: 'a cursor skips a row',
    edits: [{ file: 'resolvers/requests/cursor.ts', find: 'return seq;', replace: 'return seq + 1;' }],
    aim: AFTER_SOME_EVENTS,
    shows: ['missing'],
  },
  {
    name: 'a cursor gives a row again',
    edits: [{ file: 'resolvers/requests/cursor.ts', find: 'return seq;', replace: 'return Math.max(seq - 1, 0);' }],
    aim: AFTER_SOME_EVENTS,
    shows: ['repeated'],
  },
  {
    name: 'a cursor counts over all requests',
    edits: [
      {
        file: 'resolvers/requests/follow-request.ts',
        find: 'cursor: cursorAt(requestId, batch.lastSeq,',
        replace: 'cursor: cursorAt(requestId, (overAll = Math.max(overAll, batch.lastSeq)),',
      },
      {
        file: 'resolvers/requests/follow-request.ts',
        find: 'export class RequestFeed',
        replace: 'let overAll = 0;\nexport class RequestFeed',
      },
    ],
    aim: AFTER_SOME_EVENTS,
    shows: ['missing', 'disorder'],
  },
  {
    name: 'what was sent and not answered is sent again',
    edits: [
      {
        file: 'datasources/thingspace/thing-space.ts',
        find: 'if (error instanceof TransportError && error.sent) {',
        replace: 'if (error instanceof TransportError && error.sent === null) {',
      },
    ],
    aim: { endings: ['random'], lifeMs: [4_000, 4_000], kills: 1, carrierFaults: ['cut'] },
    shows: ['double'],
  },
  {
    name: 'a request is not marked as sent before it leaves',
    edits: [
      {
        file: 'resolvers/requests/request-sender.ts',
        find: `marked = await store.sending.step(request.id, part.position, { type: 'SENDING' }, lease);`,
        replace: 'marked = true;',
      },
    ],
    aim: WHILE_SENDING,
    shows: ['double'],
  },
  {
    name: 'what was being sent is sent again after a restart',
    edits: [
      {
        file: 'datasources/request-log/sqlite/recover.ts',
        find: `writer.step(id, position, { type: 'UNANSWERED', error: INTERRUPTED });`,
        replace: `writer.step(id, position, { type: 'REQUEUED', error: INTERRUPTED });`,
      },
    ],
    aim: WHILE_SENDING,
    shows: ['double'],
  },
  {
    name: 'what was being sent is forgotten after a restart',
    edits: [
      {
        file: 'datasources/request-log/sqlite/recover.ts',
        find: `writer.step(id, position, { type: 'UNANSWERED', error: INTERRUPTED });`,
        replace: '',
      },
    ],
    aim: { ...WHILE_SENDING, stallMs: 2_000 },
    shows: ['missing'],
  },
  {
    name: 'an idempotency key is not kept',
    edits: [
      { file: 'resolvers/requests/submit-request.ts', find: 'idempotencyKey: command.idempotencyKey,', replace: 'idempotencyKey: null,' },
    ],
    aim: { endings: ['random'], kills: 1, twice: 1 },
    shows: ['double'],
  },
  {
    name: 'what came before the answer is not claimed',
    edits: [
      {
        file: 'datasources/request-log/sqlite/sqlite-writer.ts',
        find: 'if (this.unclaimed.begin(carrierRequestId, owner))',
        replace: `if (carrierRequestId === '' && this.unclaimed.begin(carrierRequestId, owner))`,
      },
    ],
    aim: { endings: ['random'], kills: 1, stallMs: 2_000 },
    shows: ['missing'],
  },
  {
    name: 'the mark of a request that leaves does not reach the thread of the store',
    edits: [
      {
        file: 'gateway/intake/remote-store.ts',
        find: '? Promise.resolve(false)',
        replace: "? Promise.resolve(false) : given.type === 'SENDING' ? Promise.resolve(true)",
      },
    ],
    aim: WHILE_SENDING,
    shows: ['double'],
  },
  {
    name: 'the main thread is not told what a commit has changed',
    edits: [{ file: 'gateway/intake/serve-intake.ts', find: 'this.#tell(topics);', replace: '' }],
    aim: { endings: ['random'], kills: 1, stallMs: 2_000 },
    shows: ['missing'],
  },
];
