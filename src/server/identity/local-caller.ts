import { EVERY_ACCOUNT, GRANTS, SCOPES, type Caller, type Identity } from '../../resolvers/access/caller.ts';

/** The one caller of a gateway without authentication. It may do everything with every configured account. */
export const LOCAL_CALLER: Caller = {
  id: 'local',
  scopes: new Map([[EVERY_ACCOUNT, new Set(SCOPES)]]),
  grants: new Set(GRANTS),
};

/** An identity whose caller never changes or ends. */
export function createLastingIdentity(caller: Caller): Identity {
  return { current: () => caller, ended: new AbortController().signal, expiresAt: null };
}

export const LOCAL_IDENTITY = createLastingIdentity(LOCAL_CALLER);
