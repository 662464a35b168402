import { GatewayError } from '../../errors.ts';

export const SCOPES = ['read', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** What is asked for beside an account's scopes: secrets of devices in plain text, and the schema itself. */
export const GRANTS = ['deviceCredential', 'activationCode', 'introspection'] as const;
export type Grant = (typeof GRANTS)[number];

/** Stands for every account this gateway serves. */
export const EVERY_ACCOUNT = '*';

/** Who asks, at one moment: what every decision about seeing and doing rests on. A change of rights makes a new one. */
export interface Caller {
  /** Stands in `createdBy` and in the audit log, and separates idempotency keys. */
  readonly id: string;
  /** What it may do, by billing account; under `*` with every one. No scope contains another. */
  readonly scopes: ReadonlyMap<string, ReadonlySet<Scope>>;
  readonly grants: ReadonlySet<Grant>;
}

/** A caller over time: how it stands when a socket or a stream has been open for hours. */
export interface Identity {
  /** Null once the token has expired or the key was revoked. */
  current(): Caller | null;
  /** Aborts when `current()` has become null; its reason is a sentence for the caller. */
  readonly ended: AbortSignal;
}

/** @throws GatewayError UNAUTHENTICATED once the identity has ended */
export function currentCaller(identity: Identity): Caller {
  const caller = identity.current();
  if (caller) return caller;
  const reason: unknown = identity.ended.reason;
  throw reason instanceof GatewayError ? reason : new GatewayError('UNAUTHENTICATED', 'The API key or token is not valid any more.');
}

/** Whoever it was, when its key or token is over: it keeps its name and may do nothing. */
export function withoutRights({ id }: Caller): Caller {
  return { id, scopes: new Map(), grants: new Set() };
}

export function mayUse({ scopes }: Caller, account: string, scope: Scope): boolean {
  return scopes.get(account)?.has(scope) === true || scopes.get(EVERY_ACCOUNT)?.has(scope) === true;
}

/** Whether there is any account it may be used with. */
export function hasScope({ scopes }: Caller, scope: Scope): boolean {
  return [...scopes.values()].some((given) => given.has(scope));
}

/** The accounts a list may show; null for all. */
export function accountsWith({ scopes }: Caller, scope: Scope): readonly string[] | null {
  if (scopes.get(EVERY_ACCOUNT)?.has(scope)) return null;
  return [...scopes].flatMap(([account, given]) => (given.has(scope) ? [account] : []));
}
