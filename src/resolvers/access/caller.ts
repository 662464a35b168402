import * as z from 'zod';
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

/** What a caller may do, as it is written down: in a key's row, in a token's claim. */
export interface Rights {
  /** By billing account, or `*` for every one. */
  readonly scopes: Readonly<Record<string, readonly Scope[]>>;
  readonly grants: readonly Grant[];
}

export const scopesShape: z.ZodType<Record<string, Scope[]>> = z.record(z.string(), z.array(z.enum(SCOPES)));
export const grantsShape: z.ZodType<Grant[]> = z.array(z.enum(GRANTS));

/** The caller who has these rights here: accounts that this gateway does not serve are left out. */
export function callerOf(id: string, { scopes, grants }: Rights, accounts: readonly string[]): Caller {
  const served = Object.entries(scopes).filter(([account]) => account === EVERY_ACCOUNT || accounts.includes(account));
  return { id, scopes: new Map(served.map(([account, given]) => [account, new Set(given)])), grants: new Set(grants) };
}

/** Told apart because clients act on it: what has expired is renewed, what is unavailable is tried again, the others are given up. */
export type UnauthenticatedReason = 'MISSING' | 'INVALID' | 'EXPIRED' | 'REVOKED' | 'UNAVAILABLE';

/** @param message says what to do, and nothing of what was shown. */
export function unauthenticatedError(reason: UnauthenticatedReason, message: string, cause?: unknown): GatewayError {
  return new GatewayError('UNAUTHENTICATED', message, { details: { reason }, cause });
}

/** Undefined for any other error. */
export function unauthenticatedReason(error: unknown): UnauthenticatedReason | undefined {
  if (!(error instanceof GatewayError) || error.code !== 'UNAUTHENTICATED') return undefined;
  return error.details['reason'] as UnauthenticatedReason;
}
