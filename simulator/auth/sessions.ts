import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { Refusal } from '../refusal.ts';

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Expired tokens remembered, so that they are refused as Expired and not as Invalid. */
const rememberedTokens = 10_000;

/**
 * Sessions of the UWS user (page "Start Connectivity Management Session").
 *
 * A session ends after 20 idle minutes; each use starts them anew. Five consecutive refused logins lock the user until
 * somebody unlocks it. All refusals are HTTP 400.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #idleMs: number;
  readonly #lockoutAfter: number;
  readonly #loginInvalidates: boolean;
  readonly #username: string;
  /** Last use of each token in ms; -Infinity once ended by force. */
  readonly #lastUse = new Map<string, number>();
  #password: string;
  #refused = 0;
  #refuseAll = false;

  constructor(options: {
    clock: Clock;
    random: Random;
    username: string;
    password: string;
    idleMs: number;
    lockoutAfter: number;
    loginInvalidates: boolean;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#username = options.username;
    this.#password = options.password;
    this.#idleMs = options.idleMs;
    this.#lockoutAfter = options.lockoutAfter;
    this.#loginInvalidates = options.loginInvalidates;
  }

  get password(): string {
    return this.#password;
  }

  get locked(): boolean {
    return this.#refused >= this.#lockoutAfter;
  }

  /** A new session token. Refuses with `INPUT_INVALID.Password.Invalid`, or `REQUEST_FAILED.UserLocked` once locked. */
  login(username: string, password: string): string {
    if (this.locked) throw new Refusal('REQUEST_FAILED.UserLocked', 'The user is locked. Contact Verizon Support.');
    if (this.#refuseAll || username !== this.#username || password !== this.#password) {
      this.#refused += 1;
      throw new Refusal('INPUT_INVALID.Password.Invalid', 'The username or password is not valid.');
    }
    this.#refused = 0;
    if (this.#loginInvalidates) this.#lastUse.clear();
    const token = this.#random.uuid();
    this.#lastUse.set(token, this.#clock.now());
    if (this.#lastUse.size > rememberedTokens) this.#forgetOldest();
    return token;
  }

  /** Uses a session. Refuses with `SessionToken.Format` (absent), `.Invalid` (unknown) or `.Expired` (idle too long). */
  use(token: string | undefined): string {
    if (token === undefined || token === '') {
      throw new Refusal('REQUEST_FAILED.SessionToken.Format', 'The session token is missing.');
    }
    const lastUse = guid.test(token) ? this.#lastUse.get(token) : undefined;
    if (lastUse === undefined) {
      throw new Refusal('INPUT_INVALID.SessionToken.Invalid', 'The session token is not valid.');
    }
    const now = this.#clock.now();
    if (now - lastUse > this.#idleMs) {
      throw new Refusal('REQUEST_FAILED.SessionToken.Expired', 'The session token has expired.');
    }
    this.#lastUse.set(token, now);
    return token;
  }

  logout(token: string): void {
    this.#lastUse.delete(token);
  }

  /** Replaces the password by a random one, effective at once. Refuses a wrong old password. */
  resetPassword(oldPassword: string): string {
    if (oldPassword !== this.#password) {
      throw new Refusal('INPUT_INVALID.Password.Invalid', 'The old password is not valid.');
    }
    this.#password = `Wh${this.#random.uuid().slice(0, 10).replace('-', 'a')}`;
    return this.#password;
  }

  /** Ends every session, as if each had been idle too long. */
  expireAll(): void {
    for (const token of this.#lastUse.keys()) this.#lastUse.set(token, Number.NEGATIVE_INFINITY);
  }

  refuseLogins(refuse: boolean): void {
    this.#refuseAll = refuse;
  }

  lock(): void {
    this.#refused = this.#lockoutAfter;
  }

  unlock(): void {
    this.#refused = 0;
  }

  #forgetOldest(): void {
    const [oldest] = this.#lastUse.keys();
    if (oldest !== undefined) this.#lastUse.delete(oldest);
  }
}
