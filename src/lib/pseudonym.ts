import { createHmac } from 'node:crypto';

/** The same account always gives the same eight letters. Without the key nobody can compute or guess the account from them. */
export function pseudonym(account: string, key: string): string {
  return createHmac('sha256', key).update(account).digest('base64url').slice(0, 8);
}
