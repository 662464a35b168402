export type Scope = 'read' | 'write' | 'admin';

/** Who asks: what every decision about seeing and doing rests on. */
export interface Caller {
  /** Stands in `createdBy` and separates idempotency keys. */
  readonly id: string;
  /** Billing accounts this caller may see; `ALL` means every configured one. */
  readonly accounts: 'ALL' | ReadonlySet<string>;
  readonly scopes: ReadonlySet<Scope>;
}

export function mayUse(caller: Caller, account: string, scope: Scope): boolean {
  return caller.scopes.has(scope) && (caller.accounts === 'ALL' || caller.accounts.has(account));
}

/** The accounts a list may show; null for all. */
export function accountsWith(caller: Caller, scope: Scope): readonly string[] | null {
  if (!caller.scopes.has(scope)) return [];
  return caller.accounts === 'ALL' ? null : [...caller.accounts];
}
