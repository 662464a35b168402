import { Refusal } from '../refusal.ts';
import type { ServiceName } from './service-names.ts';

/** A registered listener. */
export interface CallbackListener {
  readonly account: string;
  readonly service: ServiceName;
  readonly url: string;
  /** '' when none was registered. */
  readonly username: string;
  readonly password: string;
}

/** Listeners by account and service: one each. */
export class CallbackRegistry {
  readonly #listeners = new Map<string, CallbackListener>();
  readonly #onSecond: 'replace' | 'refuse';

  /** `onSecond`: what a second registration of the same service does; the documentation does not say. */
  constructor(onSecond: 'replace' | 'refuse') {
    this.#onSecond = onSecond;
  }

  register(listener: CallbackListener): void {
    const key = `${listener.account} ${listener.service}`;
    if (this.#onSecond === 'refuse' && this.#listeners.has(key)) {
      throw new Refusal('REQUEST_FAILED.CallbackAlreadyRegistered', 'A listener is already registered for this service.');
    }
    this.#listeners.set(key, listener);
  }

  /** Refuses when there is none. */
  deregister(account: string, service: string): void {
    if (!this.#listeners.delete(`${account} ${service}`)) {
      throw new Refusal('REQUEST_FAILED.CallbackNotRegistered', 'No listener is registered for this service.');
    }
  }

  find(account: string, service: string): CallbackListener | undefined {
    return this.#listeners.get(`${account} ${service}`);
  }

  list(account: string): CallbackListener[] {
    return [...this.#listeners.values()].filter((listener) => listener.account === account);
  }
}
