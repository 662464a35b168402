import * as z from 'zod';
import type { Config } from '../../src/config/config.ts';
import type { SqliteRequestLog } from '../../src/datasources/request-log/sqlite/sqlite.ts';
import { KEY_STATES } from '../../src/resolvers/access/key-identity.ts';
import { KeyRing, type CreatedKey, type KeyView } from '../../src/resolvers/access/key-ring.ts';
import { grantsShape, scopesShape } from '../../src/resolvers/access/caller.ts';
import { askGateway } from '../support/ask-gateway.ts';
import { commandOnStore, withStore } from '../support/with-store.ts';
import type { KeyCommand } from './read-key-command.ts';

const view = z.object({
  id: z.string(),
  name: z.string(),
  scopes: scopesShape,
  grants: grantsShape,
  createdAt: z.number(),
  expiresAt: z.number(),
  revokedAt: z.number().nullable(),
  state: z.enum(KEY_STATES),
}) satisfies z.ZodType<KeyView>;

/** Each command is done by the running gateway; on the store itself where none runs. */
export function listKeys(config: Config): Promise<readonly KeyView[]> {
  return askGateway(config, { method: 'GET', path: '/keys' }, z.array(view)).then(
    (asked) => asked ?? withStore(config, (requestLog) => withKeys(config, requestLog, (keys) => Promise.resolve(keys.list()))),
  );
}

export function createKey(config: Config, { wanted }: Extract<KeyCommand, { name: 'create' }>): Promise<CreatedKey> {
  return done(config, 'create', wanted, view.extend({ key: z.string() }), (keys) => keys.create(wanted));
}

export function revokeKey(config: Config, { id }: Extract<KeyCommand, { name: 'revoke' }>): Promise<KeyView> {
  return done(config, 'revoke', { id }, view, (keys) => keys.revoke(id));
}

export function changeKey(config: Config, { id, rights }: Extract<KeyCommand, { name: 'change' }>): Promise<KeyView> {
  return done(config, 'change', { id, ...rights }, view, (keys) => keys.change(id, rights));
}

async function done<Result extends KeyView>(
  config: Config,
  command: 'create' | 'revoke' | 'change',
  body: object,
  shape: z.ZodType<Result>,
  alone: (keys: KeyRing) => Promise<Result>,
): Promise<Result> {
  const asked = await askGateway(config, { method: 'POST', path: `/keys/${command}`, body }, shape);
  return (
    asked ??
    commandOnStore(config, { action: `keys.${command}`, work: (log) => withKeys(config, log, alone), subject: (key) => key?.id ?? null })
  );
}

async function withKeys<Result>(
  { accounts }: Config,
  { apiKeys }: Pick<SqliteRequestLog, 'apiKeys'>,
  work: (keys: KeyRing) => Promise<Result>,
): Promise<Result> {
  using keys = await KeyRing.open({ store: apiKeys, accounts, now: Date.now });
  return await work(keys);
}
