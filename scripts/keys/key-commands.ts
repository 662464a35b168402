import { KeyRing, type CreatedKey, type KeyView, type NewKey } from '../../src/resolvers/access/key-ring.ts';
import type { Rights } from '../../src/resolvers/access/caller.ts';
import type { GatewayCommand } from '../support/gateway-command.ts';

export const keyCommands = {
  list: (): GatewayCommand<readonly KeyView[]> => ({
    method: 'GET',
    path: '/keys',
    work: withKeys((keys) => Promise.resolve(keys.list())),
  }),
  create: (wanted: NewKey) => change<CreatedKey>('create', wanted, (keys) => keys.create(wanted)),
  revoke: (id: string) => change<KeyView>('revoke', { id }, (keys) => keys.revoke(id)),
  change: (id: string, rights: Partial<Rights>) => change<KeyView>('change', { id, ...rights }, (keys) => keys.change(id, rights)),
};

function change<Result extends KeyView>(
  name: 'create' | 'revoke' | 'change',
  body: object,
  work: (keys: KeyRing) => Promise<Result>,
): GatewayCommand<Result> {
  return { method: 'POST', path: `/keys/${name}`, body, work: withKeys(work), subject: (key) => key?.id ?? null };
}

function withKeys<Result>(work: (keys: KeyRing) => Promise<Result>): GatewayCommand<Result>['work'] {
  return async (store, { accounts }, now) => {
    using keys = await KeyRing.open({ store, accounts, now, onFailure: () => undefined });
    return await work(keys);
  };
}
