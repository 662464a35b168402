import { createHash, createHmac } from 'node:crypto';
import { CALLBACK_SERVICES, type CallbackService } from '../datasources/thingspace/wire/callback-service.ts';

export interface CallbackAddress {
  readonly account: string;
  readonly service: CallbackService;
}

export const CALLBACK_PREFIX = '/callbacks/';

/** The last part of the path of one account and service: nobody without the secret can make it, and nothing is stored. */
export function callbackToken(secret: string, { account, service }: CallbackAddress): string {
  return createHmac('sha256', secret).update(`${account}\n${service}`).digest('base64url');
}

/**
 * Which account and service a path stands for, under the current secret and the one before it. Tokens are looked up by
 * their SHA-256, so the time of a miss tells nothing of how near it was.
 */
export class CallbackPaths {
  readonly #known = new Map<string, CallbackAddress & { readonly previous: boolean }>();

  constructor(accounts: readonly string[], secret: string, previousSecret: string | null) {
    for (const account of accounts) {
      for (const service of CALLBACK_SERVICES) {
        if (previousSecret !== null)
          this.#known.set(digest(callbackToken(previousSecret, { account, service })), { account, service, previous: true });
        this.#known.set(digest(callbackToken(secret, { account, service })), { account, service, previous: false });
      }
    }
  }

  /** `path` without its query; null where it is nobody's. */
  find(path: string): (CallbackAddress & { readonly previous: boolean }) | null {
    if (!path.startsWith(CALLBACK_PREFIX)) return null;
    return this.#known.get(digest(path.slice(CALLBACK_PREFIX.length))) ?? null;
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
