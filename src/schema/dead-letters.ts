import type { DeadLetterReason as Reason, StoredDeadLetter } from '../datasources/request-log/dead-letter-log.ts';
import { bodyText, MAX_REDRIVEN, type Redriven } from '../resolvers/callbacks/redrive-dead-letters.ts';
import { builder } from './builder.ts';
import { connectionOf, listArgs, pageCursor, pageSize } from './connection.ts';
import { enumOf } from './enums.ts';
import { atMost } from './list-sizes.ts';
import { nodeOf } from './node.ts';
import { ADMIN, ANY_SECRET, OWNED } from './rules.ts';

const DeadLetterReason = enumOf<Reason>('DeadLetterReason', 'Why a message could not be applied.', {
  UNREADABLE: 'This version cannot read it as a callback.',
  QUARANTINED: 'Its credentials are not those of the registration.',
  FOREIGN_REQUEST: 'It names a request of another account than the one that it came for.',
  WRONG_SERVICE:
    'It names a request that waits for the messages of another callback service, and came by a path of this one. The carrier reports each operation by its own service, so it is not believed. See `Request.carrierRequests` for the service that its request waits for.',
  DAMAGED_REQUEST:
    'The stored data of its request was changed or damaged, and cannot be read. Ask the people who run the gateway to restore it.',
});

const DeadLetter = builder.objectRef<StoredDeadLetter>('DeadLetter').implement({
  extensions: OWNED,
  ...nodeOf('dead'),
  description: 'A message that came to a callback listener and was acknowledged. It is kept because it could not be applied.',
  fields: (t) => ({
    accountName: t.exposeString('account', { description: 'The billing account that the message came for.' }),
    callbackService: t.exposeString('service', { description: 'The callback service that sent it.' }),
    reason: t.expose('reason', { type: DeadLetterReason, description: 'Why it could not be applied.' }),
    receivedAt: t.expose('receivedAt', { type: 'DateTime', description: 'When it first arrived.' }),
    contentType: t.exposeString('contentType', { nullable: true, description: 'Its content type. Null when it came without one.' }),
    contentEncoding: t.string({
      nullable: true,
      description:
        'What its Content-Encoding says of `body`: names of codings that could not be undone, or of a charset. Null when `body` lies plain.',
      resolve: ({ contentEncoding }) => contentEncoding ?? null,
    }),
    byteLength: t.int({ description: 'Its size in bytes.', resolve: ({ body }) => body.byteLength }),
    body: t.string({
      extensions: ANY_SECRET,
      description:
        'The message as it came, unpacked if it could be, with asterisks in place of the configured password. A message that is still packed cannot be searched for it. It is text, or base64 when it is not UTF-8 (`bodyIsBase64`). It may hold secrets of devices.',
      resolve: ({ body }) => bodyText(body).text,
    }),
    bodyIsBase64: t.boolean({ description: 'True when `body` is base64.', resolve: ({ body }) => bodyText(body).isBase64 }),
  }),
});

const DeadLetterConnection = connectionOf('DeadLetter', 'dead letter', DeadLetter, ({ id }) => ['deadLetters', id]);

builder.queryField('deadLetters', (t) =>
  t.field({
    extensions: ADMIN,
    type: DeadLetterConnection,
    description: 'For an admin: messages that could not be applied, oldest first. They are kept at least until the retention time ends.',
    args: {
      reason: t.arg({ type: DeadLetterReason, required: false, description: 'Only messages that are kept for this reason.' }),
      ...listArgs('messages', 'administer'),
    },
    resolve: (_parent, { accountName, reason, first, after }, { deadLetters, store, caller, nextTurn }) =>
      deadLetters.list(caller, {
        accountName: accountName ?? null,
        reason: reason ?? null,
        after: pageCursor('deadLetters', after, store),
        limit: pageSize(first),
        nextTurn,
      }),
  }),
);

const RedriveOutcomeEnum = enumOf<Redriven['outcome']>('RedriveOutcome', 'The result for one dead letter that was tried again.', {
  APPLIED: 'It was applied to its request, and is no dead letter any more.',
  UNCLAIMED: 'It could be read, and waits for its request as an unclaimed callback.',
  DUPLICATE: 'Its content was known already, and it is no dead letter any more.',
  FOREIGN: 'It still names a request of another account, and remains a dead letter.',
  WRONG_SERVICE: 'It still came by another callback service than its request waits for, and remains a dead letter.',
  DAMAGED: 'The stored data of its request still cannot be read, and it remains a dead letter.',
  QUARANTINED: 'Its credentials are still not those of the registration, and it remains a dead letter.',
  UNREADABLE: 'It still cannot be read, and remains a dead letter.',
  NO_ROOM: 'There is no room for it now: its request or its path holds as much as it may, or the disk is low. It remains a dead letter.',
  NOT_FOUND: 'There is no such dead letter, or you may not see it.',
});

const RedrivenDeadLetter = builder.objectRef<Redriven>('RedrivenDeadLetter').implement({
  extensions: OWNED,
  description: 'One dead letter that was tried again.',
  fields: (t) => ({
    deadLetterId: t.exposeID('id', { description: 'The id of the dead letter, as it was given.' }),
    outcome: t.expose('outcome', { type: RedriveOutcomeEnum, description: 'The result.' }),
  }),
});

const RedriveDeadLettersInput = builder.inputType('RedriveDeadLettersInput', {
  description: 'Which dead letters to try again.',
  fields: (t) => ({
    ids: t.idList({ required: true, description: 'Ids of dead letters (`dead_…`), 1 to 1,000. They are tried in this order.' }),
    trustCredentials: t.boolean({
      required: false,
      description:
        '`true`: apply the messages whatever their credentials are. Use it only for messages that certainly come from the carrier. Default: `false`.',
    }),
  }),
});

builder.mutationField('redriveDeadLetters', (t) =>
  t.field({
    extensions: { ...ADMIN, ...atMost(MAX_REDRIVEN) },
    type: [RedrivenDeadLetter],
    description:
      'For an admin: tries messages again that could not be applied, for example after an upgrade that can read them, or when the credentials of the registration have been configured. Each message counts from the time when it came.',
    args: { input: t.arg({ type: RedriveDeadLettersInput, required: true, description: 'Which dead letters to try again.' }) },
    resolve: (_parent, { input }, { deadLetters, caller }) => deadLetters.redrive(caller, input.ids, input.trustCredentials ?? false),
  }),
);
