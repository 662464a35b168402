import * as z from 'zod';
import { GatewayError } from '../../errors.ts';

export const SCOPES = ['read', 'write', 'terminate', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Rights beside the scopes of an account: to read the secrets of devices in plain text, and to read the schema. */
export const GRANTS = ['deviceCredential', 'activationCode', 'introspection'] as const;
export type Grant = (typeof GRANTS)[number];

/** Stands for every account this gateway serves. */
export const EVERY_ACCOUNT = '*';

/** Who asks, with the rights of this moment. Every decision about access rests on it. A change of rights makes a new one. */
export interface Caller {
  /** Stands in `createdBy` and in the audit log. Each caller has idempotency keys of its own. */
  readonly id: string;
  /** What it may do, by billing account; `*` stands for every account. No scope contains another. */
  readonly scopes: ReadonlyMap<string, ReadonlySet<Scope>>;
  readonly grants: ReadonlySet<Grant>;
}

/** A caller over time: a socket or a stream may be open for hours while its rights change. */
export interface Identity {
  /** Null once the token has expired or the key was revoked. */
  current(): Caller | null;
  /** Aborts when `current()` has become null. Its reason is an error with a sentence for the caller. */
  readonly ended: AbortSignal;
  /** When the key or token expires. Null for one that never does. */
  readonly expiresAt: number | null;
}

/** @throws GatewayError UNAUTHENTICATED once the identity has ended */
export function currentCaller(identity: Identity): Caller {
  const caller = identity.current();
  if (caller) return caller;
  const reason: unknown = identity.ended.reason;
  throw reason instanceof GatewayError ? reason : new GatewayError('UNAUTHENTICATED', 'The API key or token is no longer valid.');
}

/** The same caller after the end of its key or token: it keeps its id and may do nothing. */
export function withoutRights({ id }: Caller): Caller {
  return { id, scopes: new Map(), grants: new Set() };
}

export function mayUse({ scopes }: Caller, account: string, scope: Scope): boolean {
  return scopes.get(account)?.has(scope) === true || scopes.get(EVERY_ACCOUNT)?.has(scope) === true;
}

/** Whether the caller has this scope for any account. */
export function hasScope({ scopes }: Caller, scope: Scope): boolean {
  return [...scopes.values()].some((given) => given.has(scope));
}

/** The accounts for which the caller has this scope; null for all. */
export function accountsWith({ scopes }: Caller, scope: Scope): readonly string[] | null {
  if (scopes.get(EVERY_ACCOUNT)?.has(scope)) return null;
  return [...scopes].flatMap(([account, given]) => (given.has(scope) ? [account] : []));
}

/** What a caller may do, as a key's row or a token's claim holds it. */
export interface Rights {
  /** By billing account, or `*` for every one. */
  readonly scopes: Readonly<Record<string, readonly Scope[]>>;
  readonly grants: readonly Grant[];
}

export const scopesShape: z.ZodType<Record<string, Scope[]>> = z.record(z.string(), z.array(z.enum(SCOPES)));
export const grantsShape: z.ZodType<Grant[]> = z.array(z.enum(GRANTS));

/** Makes the caller with these rights. It leaves out accounts that this gateway does not serve. */
export function callerOf(id: string, { scopes, grants }: Rights, accounts: readonly string[]): Caller {
  const served = Object.entries(scopes).filter(([account]) => account === EVERY_ACCOUNT || accounts.includes(account));
  return { id, scopes: new Map(served.map(([account, given]) => [account, new Set(given)])), grants: new Set(grants) };
}

/** Clients act on it: they renew what is EXPIRED, try again what is UNAVAILABLE, and give up on the others. */
export type UnauthenticatedReason = 'MISSING' | 'INVALID' | 'EXPIRED' | 'REVOKED' | 'UNAVAILABLE';

/** @param message says what to do. It repeats nothing of the key or token. */
export function unauthenticatedError(reason: UnauthenticatedReason, message: string, cause?: unknown): GatewayError {
  return new GatewayError('UNAUTHENTICATED', message, { details: { reason }, cause });
}

/** While the gateway does not know the time for sure, a key or token that seems to have expired may be valid. */
export function timeInDoubtError(): GatewayError {
  return unauthenticatedError(
    'UNAVAILABLE',
    'The key or token is not valid by the time of this gateway, whose clock has jumped and is in doubt. Try again later.',
  );
}

/** Undefined for every other error. */
export function unauthenticatedReason(error: unknown): UnauthenticatedReason | undefined {
  if (!(error instanceof GatewayError) || error.code !== 'UNAUTHENTICATED') return undefined;
  return error.details['reason'] as UnauthenticatedReason;
}
