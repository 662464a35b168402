import type { ExecutionResult } from 'graphql';

interface Socket {
  /** The operations that run by their ids, as graphql-ws keeps them. */
  readonly subscriptions: object;
}

type Result = ExecutionResult | AsyncIterableIterator<ExecutionResult>;

/**
 * Tells operations of one id apart. A client may complete an operation and use its id again at once, while the first still
 * starts or ends. graphql-ws goes by the id alone: it would follow the first beside the second, and go on when the socket is
 * gone; or end the second with the end of the first.
 */
export class SocketOperations {
  readonly #remembered: number;
  /** The newest operation of each id, by the object that its message was parsed to; it may have megabytes and is not kept for this. */
  readonly #newest = new WeakMap<Socket, Map<string, WeakRef<object>>>();

  /** @param remembered ids of a socket after which those that are over are forgotten. */
  constructor(remembered: number) {
    this.#remembered = remembered;
  }

  begin(socket: Socket, id: string, payload: object): void {
    let newest = this.#newest.get(socket);
    if (!newest) this.#newest.set(socket, (newest = new Map<string, WeakRef<object>>()));
    newest.set(id, new WeakRef(payload));
    if (newest.size > this.#remembered) for (const known of newest.keys()) if (!(known in socket.subscriptions)) newest.delete(known);
  }

  /** Never resolves when another operation has the id by now: nothing must be said in its name. What waits for it is then forgotten. */
  waitIfNewest(socket: Socket, id: string, payload: object): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isNewest(socket, id, payload)) resolve();
    });
  }

  /** The result, when it is still wanted; a subscription that is not is left. */
  async take<Taken extends Result>(socket: Socket, id: string, payload: object, result: Taken): Promise<Taken> {
    if (!this.#isNewest(socket, id, payload) && 'return' in result) await result.return?.();
    await this.waitIfNewest(socket, id, payload);
    return result;
  }

  #isNewest(socket: Socket, id: string, payload: object): boolean {
    return this.#newest.get(socket)?.get(id)?.deref() === payload;
  }
}
