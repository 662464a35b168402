import { EVERY_ACCOUNT, GRANTS, SCOPES, type Caller, type Grant, type Scope } from '../resolvers/access/caller.ts';
import { builder } from './builder.ts';
import type { CallerLimits } from './context.ts';
import { enumOf } from './enums.ts';
import { atMost } from './list-sizes.ts';
import { SELF } from './rules.ts';

const ScopeEnum = enumOf<Scope>('Scope', 'What a caller may do with a billing account. No scope contains another.', {
  read: 'See its requests, devices and callbacks.',
  write: 'Make requests for it, and cancel, retry or resolve them. It does not end lines.',
  terminate: 'End its lines for good (`deactivateDevices`). To retry such a request takes `write`, too.',
  admin: 'See its dead letters and audit log, and try dead letters again.',
});

const GrantEnum = enumOf<Grant>('Grant', 'A right beside the scopes.', {
  deviceCredential: 'See the credentials of devices (`DeviceOutcome.deviceCredential`).',
  activationCode: 'See activation codes (`DeviceOutcome.activationCode`).',
  introspection: 'Read the schema by introspection.',
});

/** The configuration takes no more accounts. */
const MAX_ACCOUNTS = 1_000;

interface AccountScopes {
  readonly accountName: string;
  readonly scopes: readonly Scope[];
}

const ViewerAccount = builder.objectRef<AccountScopes>('ViewerAccount').implement({
  extensions: SELF,
  description: 'A billing account, with what you may do with it.',
  fields: (t) => ({
    accountName: t.exposeString('accountName', { description: 'The billing account.' }),
    scopes: t.field({
      extensions: atMost(SCOPES.length),
      type: [ScopeEnum],
      description: 'Your scopes for it.',
      resolve: ({ scopes }) => [...scopes],
    }),
  }),
});

const ViewerLimits = builder.objectRef<CallerLimits>('ViewerLimits').implement({
  extensions: SELF,
  description: 'How much you may ask for. Two keys of one name share these limits.',
  fields: (t) => ({
    operationsPerMinute: t.exposeInt('operationsPerMinute', {
      description: 'Operations in a minute: queries, mutations and new subscriptions.',
    }),
    mutationsPerMinute: t.exposeInt('mutationsPerMinute', { description: 'Mutation fields in a minute.' }),
    objectsPerOperation: t.exposeInt('maxCost', {
      description: 'Objects that one operation may ask for. Page sizes multiply, and every item of a list in the input counts.',
    }),
    openSockets: t.exposeInt('sockets', { description: 'WebSockets that are open at the same time.' }),
    openSubscriptions: t.exposeInt('subscriptions', { description: 'Subscriptions that are open at the same time, over all connections.' }),
    queuedRequests: t.exposeInt('queuedRequests', {
      description: 'Requests that wait to be sent. Further mutations are answered RateLimited.',
    }),
    bodyBytes: t.exposeInt('bodyBytes', { description: 'The largest body of a GraphQL request, in bytes.' }),
  }),
});

interface Self {
  readonly caller: Caller;
  readonly expiresAt: number | null;
  readonly served: readonly string[];
  readonly limits: CallerLimits;
}

const Viewer = builder.objectRef<Self>('Viewer').implement({
  extensions: SELF,
  description: 'You, as the gateway knows you by your key or token.',
  fields: (t) => ({
    name: t.string({
      description:
        'Your name, as `Request.createdBy` has it: `key:` and the name of an API key, `sub:` and the subject of a token, or `local` without authentication.',
      resolve: ({ caller }) => caller.id,
    }),
    accounts: t.field({
      extensions: atMost(MAX_ACCOUNTS),
      type: [ViewerAccount],
      description: 'The billing accounts of this gateway that you have a scope for.',
      resolve: ({ caller, served }) => listAccounts(caller, served),
    }),
    grants: t.field({
      extensions: atMost(GRANTS.length),
      type: [GrantEnum],
      description: 'Your grants.',
      resolve: ({ caller }) => GRANTS.filter((grant) => caller.grants.has(grant)),
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When your key or token expires. Null without authentication.',
    }),
    limits: t.expose('limits', { type: ViewerLimits, description: 'Your limits.' }),
  }),
});

function listAccounts({ scopes }: Caller, served: readonly string[]): AccountScopes[] {
  const everywhere = scopes.get(EVERY_ACCOUNT);
  return served
    .map((accountName) => ({
      accountName,
      scopes: SCOPES.filter((scope) => everywhere?.has(scope) === true || scopes.get(accountName)?.has(scope) === true),
    }))
    .filter((account) => account.scopes.length > 0);
}

builder.queryField('viewer', (t) =>
  t.field({
    extensions: SELF,
    type: Viewer,
    description: 'Who you are, and what you may do. Every caller may ask this, whatever its scopes.',
    resolve: (_parent, _args, { caller, identity, accounts, limits }) => ({
      caller,
      expiresAt: identity.expiresAt,
      served: accounts,
      limits,
    }),
  }),
);
