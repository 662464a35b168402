import type { Caller, Grant, Scope } from '../../src/resolvers/access/caller.ts';

/** A caller with these scopes by account (`*` for every one), and these grants beside. */
export function callerWith(
  scopes: Readonly<Record<string, readonly Scope[]>>,
  { id = 'tester', grants = [] }: { readonly id?: string; readonly grants?: readonly Grant[] } = {},
): Caller {
  return { id, scopes: new Map(Object.entries(scopes).map(([account, given]) => [account, new Set(given)])), grants: new Set(grants) };
}
