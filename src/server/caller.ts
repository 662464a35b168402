import type { Caller } from '../resolvers/caller.ts';

/** Without authentication there is one caller, on this machine, who may do everything with every configured account. */
export const LOCAL_CALLER: Caller = { id: 'local', accounts: 'ALL', scopes: new Set(['read', 'write', 'admin']) };
