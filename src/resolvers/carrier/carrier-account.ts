import { GatewayError } from '../../errors.ts';
import { mayUse, type Caller } from '../access/caller.ts';

/**
 * Whether a caller may read an account that this gateway serves. One answer for an account that does not exist and for one that this
 * caller may not see.
 *
 * @throws GatewayError NOT_FOUND
 */
export function requireAccount(accounts: ReadonlySet<string>, caller: Caller, account: string): void {
  if (accounts.has(account) && mayUse(caller, account, 'read')) return;
  throw new GatewayError('NOT_FOUND', 'This account is not one you can use here. Check its name, leading zeros included.');
}
