import { Refusal } from '../refusal.ts';
import type { ServiceName } from './service-names.ts';

/** The record of a listener that a client registered for a service. */
export interface CallbackRegistration {
  readonly account: string;
  readonly service: ServiceName;
  readonly url: string;
  /** '' when none was registered. */
  readonly username: string;
  readonly password: string;
}

/** Registrations by account and service: one each. */
export class CallbackRegistry {
  readonly #registrations = new Map<string, CallbackRegistration>();
  readonly #onSecond: 'replace' | 'refuse';

  /** `onSecond`: what a second registration of the same service does; the documentation does not say. */
  constructor(onSecond: 'replace' | 'refuse') {
    this.#onSecond = onSecond;
  }

  register(registration: CallbackRegistration): void {
    const key = `${registration.account} ${registration.service}`;
    if (this.#onSecond === 'refuse' && this.#registrations.has(key)) {
      throw new Refusal('REQUEST_FAILED.CallbackAlreadyRegistered', 'A listener is already registered for this service.');
    }
    this.#registrations.set(key, registration);
  }

  /** Refuses when there is none. */
  deregister(account: string, service: string): void {
    if (!this.#registrations.delete(`${account} ${service}`)) {
      throw new Refusal('REQUEST_FAILED.CallbackNotRegistered', 'No listener is registered for this service.');
    }
  }

  find(account: string, service: string): CallbackRegistration | undefined {
    return this.#registrations.get(`${account} ${service}`);
  }

  list(account: string): CallbackRegistration[] {
    return [...this.#registrations.values()].filter((registration) => registration.account === account);
  }
}
