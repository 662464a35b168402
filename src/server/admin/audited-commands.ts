import { recordCommand } from '../../resolvers/access/record-command.ts';
import type { AdminOptions } from './admin.ts';

const CALLER = 'admin-listener';
/** Of a key. Whatever else was given as its id is told to nobody: it may be the whole key. */
const KEY_ID = /^[0-9a-z]{12}$/;

/** The commands of the admin listener, each in the audit log with what came of it. What only reads is not. */
export function auditedCommands(options: AdminOptions): AdminOptions {
  const { audit, keys, registrations, unlatch, store } = options;
  const done = <Result>(action: string, work: () => Promise<Result>) => recordCommand(audit, { caller: CALLER, action, work });
  const doneTo = <Result extends { readonly id: string }>(action: string, id: string | null, work: () => Promise<Result>) => {
    const named = id !== null && KEY_ID.test(id) ? id : null;
    return recordCommand(audit, { caller: CALLER, action, work, subject: (key) => key?.id ?? named });
  };
  return {
    ...options,
    keys: {
      list: () => keys.list(),
      create: (wanted) => doneTo('keys.create', null, () => keys.create(wanted)),
      revoke: (id) => doneTo('keys.revoke', id, () => keys.revoke(id)),
      change: (id, rights) => doneTo('keys.change', id, () => keys.change(id, rights)),
    },
    registrations: {
      list: () => registrations.list(),
      register: (how) => done('callbacks.register', () => registrations.register(how)),
      remove: () => done('callbacks.remove', () => registrations.remove()),
      rotate: (how) => done('callbacks.rotate', () => registrations.rotate(how)),
    },
    unlatch: () => done('login.unlatch', unlatch),
    store: {
      ...store,
      backup: (path) => done('store.backup', () => store.backup(path)),
      purge: (olderThanDays) => done('store.purge', () => store.purge(olderThanDays)),
      reseal: () => done('store.reseal', () => store.reseal()),
    },
  };
}
