import type { ExecutionResult } from 'graphql';

interface Socket {
  /** The running operations by their ids, as graphql-ws keeps them. */
  readonly subscriptions: object;
}

type Result = ExecutionResult | AsyncIterableIterator<ExecutionResult>;

/**
 * Tells operations with the same id apart. A client may complete an operation and use its id again at once, while the first one
 * still starts or ends. graphql-ws knows only the id. It would follow the first beside the second, even after the socket is gone,
 * or end the second when the first ends.
 */
export class SocketOperations {
  readonly #remembered: number;
  /** The newest operation of each id, known by the object of its parsed message. That may have megabytes, so it is held weakly. */
  readonly #newest = new WeakMap<Socket, Map<string, WeakRef<object>>>();

  /** @param remembered when a socket has more ids than this, those that no longer run are forgotten. */
  constructor(remembered: number) {
    this.#remembered = remembered;
  }

  begin(socket: Socket, id: string, payload: object): void {
    let newest = this.#newest.get(socket);
    if (!newest) this.#newest.set(socket, (newest = new Map<string, WeakRef<object>>()));
    newest.set(id, new WeakRef(payload));
    if (newest.size > this.#remembered) for (const known of newest.keys()) if (!(known in socket.subscriptions)) newest.delete(known);
  }

  /** Resolves only for the newest operation of the id, so that nothing is sent in its name by an older one. What awaits it is collected as garbage. */
  waitIfNewest(socket: Socket, id: string, payload: object): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isNewest(socket, id, payload)) resolve();
    });
  }

  /** Gives the result back if the operation is still the newest. An older subscription is ended. */
  async take<Taken extends Result>(socket: Socket, id: string, payload: object, result: Taken): Promise<Taken> {
    if (!this.#isNewest(socket, id, payload) && 'return' in result) await result.return?.();
    await this.waitIfNewest(socket, id, payload);
    return result;
  }

  #isNewest(socket: Socket, id: string, payload: object): boolean {
    return this.#newest.get(socket)?.get(id)?.deref() === payload;
  }
}
