import type { MessagePort } from 'node:worker_threads';

/** What crosses the port. Everything in it is copied, so functions and class instances do not cross by themselves. */
type Call = readonly [what: 'CALL', id: number, object: string, method: string, given: readonly unknown[]];
type Answer = readonly [what: 'ANSWER', id: number, isDone: boolean, value: unknown];
/** Calls a function that was given as an argument of a call. */
type CallBack = readonly [what: 'CALL_BACK', id: number, call: number, at: number];
/** A call that nobody waits for. */
type Tell = readonly [what: 'TELL', object: string, method: string, given: readonly unknown[]];
type Message = Call | Answer | CallBack | Tell;

type Methods = Readonly<Record<string, (...given: unknown[]) => unknown>>;
type Function = (...given: unknown[]) => unknown;

/** How errors cross: a copy of an error would lose its class and its own properties. */
export interface ErrorForm {
  readonly write: (error: unknown) => unknown;
  readonly read: (written: unknown) => unknown;
}

/**
 * Method calls between two threads of one process, over a port. Arguments and results are copied. A function among the arguments is
 * called back over the port, without arguments. Both sides may call, and each side answers in the order in which its methods settle.
 */
export class RemoteCalls implements Disposable {
  readonly #port: MessagePort;
  readonly #objects: Readonly<Record<string, object>>;
  readonly #errors: ErrorForm;
  readonly #waiting = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void }>();
  /** The errors of functions that were called back, by their call: they stay what they are for their caller. */
  readonly #failures = new Map<number, unknown>();
  readonly #functions = new Map<number, ReadonlyMap<number, Function>>();
  #calls = 0;
  #ended: Error | null = null;

  /** @param objects what the other side may call, by name. */
  constructor(port: MessagePort, errors: ErrorForm, objects: Readonly<Record<string, object>> = {}) {
    this.#port = port;
    this.#objects = objects;
    this.#errors = errors;
    port.on('message', (message: Message) => this.#hear(message));
  }

  /** An object of the other side. Each of its methods gives back a promise. `own` has methods that are called on this side. */
  object<Remote extends object>(name: string, own: Partial<Remote> = {}): Remote {
    const known = new Map<PropertyKey, unknown>(Object.entries(own));
    const get = (_: object, method: PropertyKey): unknown => {
      // A promise must not take it for another promise.
      if (typeof method !== 'string' || method === 'then') return undefined;
      if (!known.has(method)) known.set(method, (...given: unknown[]) => this.#call(name, method, given));
      return known.get(method);
    };
    return new Proxy({}, { get }) as Remote;
  }

  /** Calls a method of the other side, and does not wait. */
  tell(object: string, method: string, ...given: readonly unknown[]): void {
    if (!this.#ended) this.#port.postMessage(['TELL', object, method, given] satisfies Tell);
  }

  /** Refuses all later calls, and those that wait for an answer. */
  end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#functions.clear();
  }

  [Symbol.dispose](): void {
    this.end(new Error('The other thread has ended.'));
    this.#port.close();
  }

  #call(object: string, method: string, given: readonly unknown[]): Promise<unknown> {
    const id = ++this.#calls;
    const functions = new Map(given.flatMap((each, at) => (typeof each === 'function' ? [[at, each as Function] as const] : [])));
    if (functions.size > 0) this.#functions.set(id, functions);
    const copied = functions.size === 0 ? given : given.map((each, at) => (functions.has(at) ? CALLED_BACK : each));
    return this.#ask(id, ['CALL', id, object, method, copied])
      .catch((error: unknown) => {
        throw this.#failures.has(id) ? this.#failures.get(id) : error;
      })
      .finally(() => {
        this.#functions.delete(id);
        this.#failures.delete(id);
      });
  }

  #ask(id: number, message: Message): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#port.postMessage(message);
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #hear(message: Message): void {
    if (message[0] === 'ANSWER') {
      const [, id, isDone, value] = message;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (isDone) waiting?.resolve(value);
      else waiting?.reject(this.#errors.read(value));
    } else if (message[0] === 'CALL_BACK') {
      const [, id, call, at] = message;
      void this.#answer(id, async () => {
        try {
          await this.#functions.get(call)?.get(at)?.();
        } catch (error) {
          this.#failures.set(call, error);
          throw error;
        }
      });
    } else if (message[0] === 'TELL') {
      const [, object, method, given] = message;
      this.#run(object, method, given);
    } else {
      const [, id, object, method, given] = message;
      const whole = given.includes(CALLED_BACK)
        ? given.map((each, at) => (each === CALLED_BACK ? () => this.#callBack(id, at) : each))
        : given;
      void this.#answer(id, () => this.#run(object, method, whole));
    }
  }

  #run(object: string, method: string, given: readonly unknown[]): unknown {
    const target = this.#objects[object] as Methods | undefined;
    if (typeof target?.[method] !== 'function') throw new TypeError(`There is no ${object}.${method}.`);
    return target[method](...given);
  }

  #callBack(call: number, at: number): Promise<unknown> {
    const id = ++this.#calls;
    return this.#ask(id, ['CALL_BACK', id, call, at]);
  }

  async #answer(id: number, work: () => unknown): Promise<void> {
    let answer: Answer;
    try {
      answer = ['ANSWER', id, true, await work()];
    } catch (error) {
      answer = ['ANSWER', id, false, this.#errors.write(error)];
    }
    this.#port.postMessage(answer);
  }
}

/** Stands for a function among the arguments. */
const CALLED_BACK = '\u0000called back';
