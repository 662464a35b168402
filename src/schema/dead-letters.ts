import type { DeadLetterReason as Reason, StoredDeadLetter } from '../datasources/request-log/dead-letter-log.ts';
import { bodyText, type Redriven } from '../resolvers/callbacks/redrive-dead-letters.ts';
import { builder } from './builder.ts';
import { AFTER_DESCRIPTION, connectionOf, FIRST_DESCRIPTION, pageCursor, pageSize } from './connection.ts';
import { enumOf } from './enums.ts';
import { ADMIN, ANY_SECRET, OWNED } from './rules.ts';

const DeadLetterReason = enumOf<Reason>(
  'DeadLetterReason',
  'Why a message could not be applied.',
  ['UNREADABLE', 'QUARANTINED', 'FOREIGN_REQUEST', 'DAMAGED_REQUEST'],
  {
    UNREADABLE: 'It is not a callback that this version can read.',
    QUARANTINED: 'It names credentials that are not those of the registration.',
    FOREIGN_REQUEST: 'It names a request of another account than the one whose listener it came to.',
    DAMAGED_REQUEST: 'What is stored of its request was changed or damaged, and cannot be read: ask who runs the gateway to restore it.',
  },
);

const DeadLetter = builder.objectRef<StoredDeadLetter>('DeadLetter').implement({
  extensions: OWNED,
  description: 'A message that came to a callback listener of ours, was acknowledged, and is kept because it could not be applied.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its number in the store.' }),
    accountName: t.exposeString('account', { description: 'The billing account whose listener it came to.' }),
    callbackService: t.exposeString('service', { description: 'The callback service whose listener it came to.' }),
    reason: t.expose('reason', { type: DeadLetterReason, description: 'Why it could not be applied.' }),
    receivedAt: t.field({ type: 'DateTime', description: 'When it first reached us.', resolve: ({ receivedAt }) => new Date(receivedAt) }),
    contentType: t.exposeString('contentType', { nullable: true, description: 'The content type it came with.' }),
    byteLength: t.int({ description: 'Its size in bytes.', resolve: ({ body }) => body.byteLength }),
    body: t.string({
      extensions: ANY_SECRET,
      description:
        'The message as it came, the configured password masked with asterisks: text, or base64 where it is not UTF-8 (`bodyIsBase64`). It may hold secrets of devices.',
      resolve: ({ body }) => bodyText(body).text,
    }),
    bodyIsBase64: t.boolean({ description: 'Whether `body` is base64.', resolve: ({ body }) => bodyText(body).isBase64 }),
  }),
});

const DeadLetterConnection = connectionOf('DeadLetter', 'dead letter', DeadLetter);

builder.queryField('deadLetters', (t) =>
  t.field({
    extensions: ADMIN,
    type: DeadLetterConnection,
    description: 'For an admin: messages that could not be applied, oldest first. They are never dropped before the retention ends.',
    args: {
      accountName: t.arg.string({ required: false, description: 'That came for this billing account; all of yours when left out.' }),
      reason: t.arg({ type: DeadLetterReason, required: false, description: 'Only those kept for this reason.' }),
      first: t.arg.int({ required: false, description: FIRST_DESCRIPTION }),
      after: t.arg.string({ required: false, description: AFTER_DESCRIPTION }),
    },
    resolve: async (_parent, { accountName, reason, first, after }, { deadLetters, caller }) => ({
      ...(await deadLetters.list(caller, {
        accountName: accountName ?? null,
        reason: reason ?? null,
        after: pageCursor('deadLetters', /^\d{1,15}$/, after),
        limit: pageSize(first),
      })),
      cursorOf: ({ id }: { id: string }) => id,
    }),
  }),
);

const RedriveOutcomeEnum = enumOf<Redriven['outcome']>(
  'RedriveOutcome',
  'What became of a dead letter that was tried again.',
  ['APPLIED', 'UNCLAIMED', 'DUPLICATE', 'FOREIGN', 'DAMAGED', 'QUARANTINED', 'UNREADABLE', 'NOT_FOUND'],
  {
    APPLIED: 'It was applied to its request, and is no dead letter any more.',
    UNCLAIMED: 'It is readable and waits for a request, as an unclaimed callback.',
    DUPLICATE: 'Its content was known already; it is no dead letter any more.',
    FOREIGN: 'It still names a request of another account, and stays.',
    DAMAGED: 'What is stored of its request still cannot be read, and it stays.',
    QUARANTINED: 'Its credentials are still not the registration’s, and it stays.',
    UNREADABLE: 'It still cannot be read, and stays.',
    NOT_FOUND: 'There is no such dead letter, or it is not yours to see.',
  },
);

const RedrivenDeadLetter = builder.objectRef<Redriven>('RedrivenDeadLetter').implement({
  extensions: OWNED,
  description: 'What became of one dead letter.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id as it was given.' }),
    outcome: t.expose('outcome', { type: RedriveOutcomeEnum, description: 'What became of it.' }),
  }),
});

const RedriveDeadLettersInput = builder.inputType('RedriveDeadLettersInput', {
  description: 'Which dead letters to try again.',
  fields: (t) => ({
    ids: t.idList({ required: true, description: 'Ids of dead letters, 1 to 1,000. They are tried in this order.' }),
    trustCredentials: t.boolean({
      required: false,
      description: '`true`: apply them whatever credentials they name. Only for messages you know to be the carrier’s.',
    }),
  }),
});

builder.mutationField('redriveDeadLetters', (t) =>
  t.field({
    extensions: ADMIN,
    type: [RedrivenDeadLetter],
    description:
      'For an admin: tries messages again that could not be applied, for example after an upgrade that reads them, or once the registration’s credentials are configured. Each takes its place as if it had been applied when it came.',
    args: { input: t.arg({ type: RedriveDeadLettersInput, required: true, description: 'Which dead letters to try again.' }) },
    resolve: (_parent, { input }, { deadLetters, caller }) => deadLetters.redrive(caller, input.ids, input.trustCredentials ?? false),
  }),
);
