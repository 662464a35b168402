import type { Store } from '../../datasources/request-log/store.ts';
import { GatewayError, STORE_AWAY } from '../../errors.ts';

/** The parts that the callback door and its journal use. */
type Part = 'intake' | 'requests' | 'deadLetters' | 'forwards' | 'facts' | 'leases';
type Methods = Readonly<Record<PropertyKey, (...given: unknown[]) => unknown>>;

/** The shared store before it is open, and from then on. Until it is, each call is refused as by a store that is away. */
export class LateStore {
  readonly parts: Pick<Store, Part> = {
    intake: this.#part('intake'),
    requests: this.#part('requests'),
    deadLetters: this.#part('deadLetters'),
    forwards: this.#part('forwards'),
    facts: this.#part('facts'),
    leases: this.#part('leases'),
  };
  readonly #opening = Promise.withResolvers<void>();
  #store: Pick<Store, Part> | null = null;

  get isOpen(): boolean {
    return this.#store !== null;
  }

  /** Resolves when it is open. */
  get opened(): Promise<void> {
    return this.#opening.promise;
  }

  open(store: Pick<Store, Part>): void {
    this.#store = store;
    this.#opening.resolve();
  }

  #part<Name extends Part>(name: Name): Store[Name] {
    const call = async (method: PropertyKey, given: unknown[]): Promise<unknown> => {
      if (this.#store === null) throw new GatewayError('STORE_FAILED', NOT_YET, { details: { reason: STORE_AWAY } });
      return (this.#store[name] as unknown as Methods)[method]?.(...given);
    };
    return new Proxy({} as Store[Name], {
      get:
        (_, method) =>
        (...given: unknown[]) =>
          call(method, given),
    });
  }
}

const NOT_YET = 'The database has not answered yet: nothing was stored.';
