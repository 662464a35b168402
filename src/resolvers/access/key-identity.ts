import type { StoredApiKey } from '../../datasources/request-log/api-keys.ts';
import {
  callerOf,
  GRANTS,
  SCOPES,
  type Caller,
  type Grant,
  type Identity,
  type Rights,
  type Scope,
  unauthenticatedError,
} from './caller.ts';

export const KEY_STATES = ['valid', 'expired', 'revoked'] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** The holder of one API key, for as long as the key is good. */
export class KeyIdentity implements Identity {
  readonly #accounts: readonly string[];
  readonly #now: () => number;
  readonly #end = new AbortController();
  #stored: StoredApiKey;
  #caller: Caller;

  constructor(stored: StoredApiKey, accounts: readonly string[], now: () => number) {
    this.#accounts = accounts;
    this.#now = now;
    this.#stored = stored;
    this.#caller = this.#callerNow();
    this.checkEnd();
  }

  get stored(): StoredApiKey {
    return this.#stored;
  }

  get rights(): Rights {
    return rightsOf(this.#stored);
  }

  get ended(): AbortSignal {
    return this.#end.signal;
  }

  current(): Caller | null {
    return this.state() === 'valid' ? this.#caller : null;
  }

  state(): KeyState {
    this.checkEnd();
    if (this.#stored.revokedAt !== null) return 'revoked';
    return this.#end.signal.aborted ? 'expired' : 'valid';
  }

  revise(stored: StoredApiKey): void {
    const rights = this.rights;
    this.#stored = stored;
    // What is shared between those who ask as the same caller stays shared while nothing changes.
    if (JSON.stringify(rights) !== JSON.stringify(this.rights)) this.#caller = this.#callerNow();
    this.checkEnd();
  }

  /** Tells whoever waits for the end, when it has come. A clock that is set back afterwards does not undo it. */
  checkEnd(): void {
    if (this.#end.signal.aborted) return;
    const { revokedAt, expiresAt } = this.#stored;
    if (revokedAt !== null) this.#end.abort(unauthenticatedError('REVOKED', 'The API key was revoked.'));
    else if (this.#now() >= expiresAt) this.#end.abort(unauthenticatedError('EXPIRED', 'The API key has expired.'));
  }

  #callerNow(): Caller {
    return callerOf(`key:${this.#stored.name}`, this.rights, this.#accounts);
  }
}

/** A right that this version does not know is none. */
function rightsOf({ scopes, grants }: StoredApiKey): Rights {
  return {
    scopes: Object.fromEntries(Object.entries(scopes).map(([account, given]) => [account, given.filter(isScope)])),
    grants: grants.filter(isGrant),
  };
}

function isScope(name: string): name is Scope {
  return SCOPES.some((scope) => scope === name);
}

function isGrant(name: string): name is Grant {
  return GRANTS.some((grant) => grant === name);
}
