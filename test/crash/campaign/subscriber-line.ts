import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';


/** A WebSocket of subscribers. It is opened when somebody subscribes, again after each loss. */
export class SubscriberLine {
  readonly client: Client;
  #unanswered: NodeJS.Timeout | undefined;
  #waiting: ((at: number) => void)[] = [];
  /** When the other end was heard last, by `performance.now()`. */
  lastHeard = performance.now();

  /** @param keepAliveMs after so long without a word the other end is asked for one, and given up after three times as long. */
  constructor(url: string, keepAliveMs: number | null) {
    let socket: WebSocket | undefined;
    const heard = () => this.#hear();
    this.client = createClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: true,
      ...(keepAliveMs !== null && { keepAlive: keepAliveMs }),
      on: {
        opened: (opened) => void (socket = opened as WebSocket),
        connected: heard,
        message: heard,
        ping: (received) => {
          if (received || keepAliveMs === null) return;
          this.#unanswered = setTimeout(() => {
            // A socket that ends may still bring events. They would be taken for those of the next one.
            if (socket) socket.onmessage = null;
            this.client.terminate();
          }, keepAliveMs * 3);
        },
        pong: () => {
          clearTimeout(this.#unanswered);
          heard();
        },
        closed: () => clearTimeout(this.#unanswered),
      },
    });
  }

  /** Resolves with the time of the next word of the other end. */
  nextWord(): Promise<number> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async dispose(): Promise<void> {
    clearTimeout(this.#unanswered);
    await this.client.dispose();
  }

  #hear(): void {
    this.lastHeard = performance.now();
    for (const resolve of this.#waiting.splice(0)) resolve(this.lastHeard);
  }
}
