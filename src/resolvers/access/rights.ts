import * as z from 'zod';
import { EVERY_ACCOUNT, GRANTS, SCOPES, type Caller, type Grant, type Scope } from './caller.ts';

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
