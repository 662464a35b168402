import type { StoredApiKey } from '../../datasources/request-log/api-keys.ts';
import {
  callerOf,
  GRANTS,
  SCOPES,
  unauthenticatedError,
  type Caller,
  type Grant,
  type Identity,
  type Rights,
  type Scope,
} from './caller.ts';

export type KeyState = 'valid' | 'expired' | 'revoked';

/** The holder of one API key, for as long as the key is valid. */
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
    this.#caller = this.#makeCaller();
    this.checkEnd();
  }

  get stored(): StoredApiKey {
    return this.#stored;
  }

  get rights(): Rights {
    return rightsOf(this.#stored);
  }

  get expiresAt(): number {
    return this.#stored.expiresAt;
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

  /** Whether it has ended by a clock that was wrong: by the present time the key is valid. */
  get hasEndedTooEarly(): boolean {
    return this.#end.signal.aborted && this.#stored.revokedAt === null && this.#now() < this.#stored.expiresAt;
  }

  revise(stored: StoredApiKey): void {
    const rights = this.rights;
    this.#stored = stored;
    // Followers of one caller object share their results. So it stays the same object while no right changes.
    if (JSON.stringify(rights) !== JSON.stringify(this.rights)) this.#caller = this.#makeCaller();
    this.checkEnd();
  }

  /** Aborts `ended` when the key's end has come. A clock that is set back later does not undo it: `KeyRing` makes another identity then. */
  checkEnd(): void {
    if (this.#end.signal.aborted) return;
    const { revokedAt, expiresAt } = this.#stored;
    if (revokedAt !== null) this.#end.abort(unauthenticatedError('REVOKED', 'The API key was revoked.'));
    else if (this.#now() >= expiresAt) this.#end.abort(unauthenticatedError('EXPIRED', 'The API key has expired.'));
  }

  #makeCaller(): Caller {
    return callerOf(`key:${this.#stored.name}`, this.rights, this.#accounts);
  }
}

/** Leaves out rights that this version does not know. */
function rightsOf({ scopes, grants }: StoredApiKey): Rights {
  const keepKnown = (names: readonly string[]) => names.filter((name): name is Scope => SCOPES.some((scope) => scope === name));
  return {
    scopes: Object.fromEntries(Object.entries(scopes).map(([account, names]) => [account, keepKnown(names)])),
    grants: grants.filter((name): name is Grant => GRANTS.some((grant) => grant === name)),
  };
}
