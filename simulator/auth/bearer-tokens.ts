import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';

/** A bearer token and the seconds it still lives, rounded down. */
export interface IssuedBearer {
  readonly token: string;
  readonly expiresInS: number;
}

/**
 * OAuth bearer tokens of the one application.
 *
 * A token lives for an hour from its first issue. A client that asks again inside that hour gets the same token with a smaller
 * `expires_in` (page "Getting Credentials").
 */
export class BearerTokens {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lifetimeMs: number;
  #current: { token: string; expiresAt: number } | undefined;

  constructor(options: { clock: Clock; random: Random; lifetimeMs: number }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#lifetimeMs = options.lifetimeMs;
  }

  issue(): IssuedBearer {
    const now = this.#clock.now();
    if (this.#current === undefined || this.#current.expiresAt <= now) {
      this.#current = { token: this.#random.uuid(), expiresAt: now + this.#lifetimeMs };
    }
    return { token: this.#current.token, expiresInS: Math.floor((this.#current.expiresAt - now) / 1000) };
  }

  accepts(token: string): boolean {
    return this.#current?.token === token && this.#current.expiresAt > this.#clock.now();
  }

  /** Ends the token, when it is the current one: the next request for a token gets a new one. */
  revoke(token: string): void {
    if (this.#current?.token === token) this.#current = undefined;
  }

  /** Ends the token that is out, if there is one. */
  expire(): void {
    this.#current = undefined;
  }
}
