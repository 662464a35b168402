import type { AuditEntry as Stored } from '../datasources/request-log/audit-trail.ts';
import { AuditAction, auditAction, AuditOutcome, auditOutcome } from './audit-words.ts';
import { builder } from './builder.ts';
import { connectionOf, listArgs, pageCursor, pageSize } from './connection.ts';
import { accountsFor } from './queries.ts';
import { nodeOf } from './node.ts';
import { ADMIN, OWNED } from './rules.ts';

const AuditEntry = builder.objectRef<Stored>('AuditEntry').implement({
  extensions: OWNED,
  ...nodeOf('aud'),
  description: 'One action that was performed or refused. Its arguments are not kept here.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When the entry was written.' }),
    caller: t.exposeString('caller', {
      description:
        'Who asked for the action: `key:` and the name of an API key, `sub:` and the subject of a token, or `local` without authentication. For a command it is `admin-listener` or `command-line`.',
    }),
    action: t.field({ type: AuditAction, description: 'What was asked for.', resolve: ({ action }) => auditAction(action) }),
    accountName: t.exposeString('account', {
      nullable: true,
      description:
        'The billing account. Null when the action is about no account or about all, and when it was refused before its input was read.',
    }),
    deviceCount: t.exposeInt('devices', {
      nullable: true,
      description: 'How many devices the input named. Null when it named none, and when it was refused before it was read.',
    }),
    subject: t.string({
      nullable: true,
      description:
        'The `id` of the request, dead letter or API key that the action was about. The request itself shows what became of it. Null when the action is about none of these.',
      // Entries from before dead letters had global ids hold the bare number.
      resolve: ({ action, subject }) => (action === 'redriveDeadLetters' ? (subject?.replace(/^(?=\d+$)/, 'dead_') ?? null) : subject),
    }),
    outcome: t.field({
      type: AuditOutcome,
      description: 'The immediate result.',
      resolve: ({ action, outcome }) => auditOutcome(action, outcome).outcome,
    }),
    code: t.string({
      nullable: true,
      description:
        'Which fault or error it was, for INVALID, REFUSED and FAILED: the code that the caller was given. Null for other outcomes, and when several faults were reported together.',
      resolve: ({ action, outcome }) => auditOutcome(action, outcome).code,
    }),
  }),
});

const AuditEntryConnection = connectionOf('AuditEntry', 'audit entry', AuditEntry, ({ id }) => ['auditLog', id]);

builder.queryField('auditLog', (t) =>
  t.field({
    extensions: ADMIN,
    type: AuditEntryConnection,
    description:
      'For an admin: who did what, newest first. Entries are never changed or deleted. Only an admin of every account sees entries that are about no single account.',
    args: {
      caller: t.arg.string({ required: false, description: 'Only actions of exactly this caller.' }),
      ...listArgs('entries', 'administer'),
    },
    resolve: (_parent, { accountName, caller: by, first, after }, { store, caller, nextTurn }) =>
      store.audit.auditEntries(
        { accounts: accountsFor(caller, 'admin', accountName), caller: by ?? null },
        pageCursor('auditLog', after, store),
        pageSize(first),
        nextTurn,
      ),
  }),
);
