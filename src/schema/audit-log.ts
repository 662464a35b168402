import type { AuditEntry as Stored } from '../datasources/request-log/audit-trail.ts';
import { accountsWith, mayUse, type Caller } from '../resolvers/access/caller.ts';
import { builder } from './builder.ts';
import { AFTER_DESCRIPTION, connectionOf, FIRST_DESCRIPTION, pageCursor, pageSize } from './connection.ts';
import { ADMIN, OWNED } from './rules.ts';

const AuditEntry = builder.objectRef<Stored>('AuditEntry').implement({
  extensions: OWNED,
  description: 'Something that was done, or asked for and refused. What it was done with (the arguments) is not kept here.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its number in the audit log; later entries have higher ones.' }),
    at: t.field({ type: 'DateTime', description: 'When it was recorded.', resolve: ({ at }) => new Date(at) }),
    caller: t.exposeString('caller', {
      description:
        'Who: `key:` and the name of an API key, `sub:` and the subject of a token, `local` without authentication, `admin-listener` or `command-line` for a command.',
    }),
    action: t.exposeString('action', {
      description: 'The mutation, for example `activateDevices`, or the command, for example `keys.create`.',
    }),
    accountName: t.exposeString('account', {
      nullable: true,
      description: 'The billing account; null where it concerns none, or all, or what was asked was refused before it was read.',
    }),
    deviceCount: t.exposeInt('devices', {
      nullable: true,
      description: 'How many devices it named; null where it named none, or was refused before it was read.',
    }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: 'What it was done to: the `id` of a request, a dead letter or an API key. A request tells what became of it since.',
    }),
    outcome: t.exposeString('outcome', {
      description:
        'What came of it at once: `CREATED`, `REPEATED`, `DONE`, `INVALID`, `FORBIDDEN`, `LIMITED`, `RATE_LIMITED`, `UNAVAILABLE`, `KEY_REUSED`, or the code of the fault.',
    }),
  }),
});

const AuditEntryConnection = connectionOf('AuditEntry', 'audit entry', AuditEntry);

builder.queryField('auditLog', (t) =>
  t.field({
    extensions: ADMIN,
    type: AuditEntryConnection,
    description:
      'For an admin: who did what, newest first. Entries are never changed or deleted. What concerns no single account is for an admin of every account.',
    args: {
      accountName: t.arg.string({ required: false, description: 'About this billing account; all of yours when left out.' }),
      caller: t.arg.string({ required: false, description: 'Done by exactly this caller.' }),
      first: t.arg.int({ required: false, description: FIRST_DESCRIPTION }),
      after: t.arg.string({ required: false, description: AFTER_DESCRIPTION }),
    },
    resolve: async (_parent, { accountName, caller: by, first, after }, { requestLog, caller }) => ({
      ...(await requestLog.auditEntries(
        { accounts: accountsFor(caller, accountName), caller: by ?? null },
        pageCursor('auditLog', /^\d{1,15}$/, after),
        pageSize(first),
      )),
      cursorOf: ({ id }: { id: string }) => id,
    }),
  }),
);

function accountsFor(caller: Caller, asked: string | null | undefined): readonly string[] | null {
  if (asked === null || asked === undefined) return accountsWith(caller, 'admin');
  return mayUse(caller, asked, 'admin') ? [asked] : [];
}
