import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { driveSqlite } from './driven-sqlite.ts';
import { plantedSource } from './log-source.ts';
import type { OperationOf } from './operations.ts';
import { playAgainstModel } from './play-against-model.ts';
import { SMALL_MEMORY } from './small-memory.ts';
import type { Turn } from './turn.ts';

// The shortest histories of bugs that the search has found. Each of them failed once.

const request = { account: 0, sizes: [1], kinds: 0, operation: 0, key: null, input: 0, retryOf: null } as const;
const submit = (more: Partial<OperationOf<'submit'>> = {}): OperationOf<'submit'> => ({
  type: 'submit',
  ...request,
  sizes: [1],
  answered: 'ACCEPTED',
  ...more,
});
const create: OperationOf<'create'> = { type: 'create', ...request, sizes: null, again: false };
const says = { says: 'SUCCESS', top: 0, nested: 0, spelling: 0 } as const;
const callback: OperationOf<'callback'> = { type: 'callback', part: 0, device: 0, ...says, stranger: false, otherService: false };
const external = (more: Partial<OperationOf<'external'>> = {}): OperationOf<'external'> => ({
  type: 'external',
  guid: 0,
  device: 0,
  account: 0,
  ...says,
  ...more,
});
const reconcile = (...parts: (0 | 1)[]): OperationOf<'reconcile'> => ({
  type: 'reconcile',
  findings: parts.map((part) => ({ part, device: 0, byIndex: false, succeeded: false, kinds: 0, otherPart: false })),
});
const read = (follower: number): OperationOf<'read'> => ({ type: 'read', follower, request: 0, limit: 1 });
const members: OperationOf<'members'> = { type: 'members', request: 0, count: 1, kinds: 0 };
const cancel: OperationOf<'cancel'> = { type: 'cancel', request: 0 };
const settle: OperationOf<'settle'> = { type: 'settle', turnsAgo: 0 };
const purge = (steps: number): OperationOf<'purge'> => ({ type: 'purge', turnsAgo: 0, steps });
const keep: OperationOf<'keep'> = { type: 'keep', account: 0, reason: 0, body: 0, cap: 1 };
const resend: OperationOf<'resend'> = { type: 'resend', message: 1, count: 0, stranger: false };
const secondId: OperationOf<'step'> = { type: 'step', part: 0, step: 'ACCEPTED', taken: false, fits: false, answered: false };
const discardDeadLetter: OperationOf<'discardDeadLetter'> = { type: 'discardDeadLetter', at: 0 };
const overdue: OperationOf<'lapse'> = { type: 'lapse', part: 1, into: 'OVERDUE', from: 0, limit: 1 };

const HISTORIES = [
  {
    name: 'another tool’s request that is opened and closed again in one commit is complete since then',
    turns: [
      [external()],
      [{ type: 'settle', turnsAgo: 0 } as const],
      [{ ...overdue, part: 0 as const, into: 'EXPIRED' as const }],
      [
        { ...callback, part: 0 as const },
        { ...overdue, part: 0 as const, into: 'EXPIRED' as const },
      ],
    ],
  },
  {
    name: 'a resend does not open another tool’s request again that was closed',
    turns: [
      [external()],
      [{ type: 'settle', turnsAgo: 0 } as const],
      [{ ...callback, part: 5 as const }],
      [
        { ...overdue, part: 0 as const, into: 'EXPIRED' as const },
        { ...resend, message: 0 },
      ],
    ],
  },
  { name: 'an answer of the carrier that changes nothing leaves the Request as it was', turns: [[submit()], [callback], [reconcile(0)]] },
  {
    name: 'what was reconciled came when it was asked for, also to who follows',
    turns: [[submit()], [read(1)], [overdue], [reconcile(0)]],
  },
  { name: 'a carrier request keeps the id it has', turns: [[submit()], [secondId], [callback]] },
  { name: 'a batch ends with the Request, also where it begins there', turns: [[submit()], [read(0), callback], [callback]] },
  { name: 'a group that was cancelled while it was read expects nobody', turns: [[create], [cancel], [members]] },
  {
    name: 'a message that was unclaimed is not kept aside as well once another account has the id',
    turns: [[external({ account: 1, says: 'NIDD' })], [external(), settle], [resend]],
  },
  { name: 'the number of a discarded message is never another’s', turns: [[keep], [purge(1), keep, discardDeadLetter]] },
  {
    name: 'what came after a sending came after it, whatever was purged in between',
    turns: [[external(), external()], [submit({ sizes: null, answered: null })], [purge(1)], [external({ guid: 1 })], [settle]],
  },
  {
    name: 'a Request that is forgotten between two changes of one commit is written as it then stands',
    turns: [[submit()], [submit()], [overdue, reconcile(0, 1)]],
  },
] as const;

const MEMORIES = [
  { memory: 'its own memory', edits: [] },
  { memory: 'hardly any memory', edits: SMALL_MEMORY },
];

test.for(MEMORIES.flatMap((memory) => HISTORIES.map((history) => ({ ...memory, ...history }))))(
  '$name (with $memory)',
  async ({ edits, turns }) => {
    await using folder = await tempFolder();
    await using source = await plantedSource(edits);
    const played = turns.map((operations): Turn<(typeof operations)[number]> => ({ operations, fate: null }));
    await expect(playAgainstModel(source, played, () => driveSqlite(source, join(folder.path, 'log')))).resolves.toBeUndefined();
  },
);
