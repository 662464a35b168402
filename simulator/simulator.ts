import type { Server } from 'node:http';
import type { AccountBook } from './accounts/account-book.ts';
import type { Activity } from './activity.ts';
import type { Sessions } from './auth/sessions.ts';
import type { AttemptResult, CallbackClient } from './callbacks/callback-client.ts';
import type { CallbackRegistration, CallbackRegistry } from './callbacks/callback-registry.ts';
import type { CallbackSender } from './callbacks/callback-sender.ts';
import type { Outbox } from './callbacks/outbox.ts';
import type { Timers } from './clock.ts';
import type { Inventory } from './devices/inventory.ts';
import type { Faults } from './faults/faults.ts';
import { listen } from './http/listen.ts';
import type { Ledger } from './ledger.ts';
import type { Credentials, Settings } from './options.ts';
import type { Random } from './random.ts';

/** The order in which held callbacks are let go. */
export type ReleaseOrder = 'held' | 'reverse' | 'shuffled';

export interface SimulatorParts {
  readonly settings: Settings;
  readonly apiOrigin: string;
  readonly servers: readonly Server[];
  readonly accounts: AccountBook;
  readonly inventory: Inventory;
  readonly sessions: Sessions;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly registry: CallbackRegistry;
  readonly sender: CallbackSender;
  readonly outbox: Outbox;
  readonly client: CallbackClient;
  readonly activity: Activity;
  readonly timers: Timers;
  readonly random: Random;
}

/** A running simulated carrier. */
export class Simulator implements AsyncDisposable {
  /** Base of the API, `http://127.0.0.1:PORT/api`. */
  readonly url: string;
  /** Base of OAuth, `…/api/ts/v1`. */
  readonly oauthUrl: string;
  readonly accounts: readonly string[];
  readonly inventory: Inventory;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly #parts: SimulatorParts;
  readonly #servers: Server[];
  #adminUrl: string | undefined;

  constructor(parts: SimulatorParts) {
    this.#parts = parts;
    this.#servers = [...parts.servers];
    this.url = `${parts.apiOrigin}/api`;
    this.oauthUrl = `${this.url}/ts/v1`;
    this.accounts = parts.accounts.names;
    this.inventory = parts.inventory;
    this.faults = parts.faults;
    this.ledger = parts.ledger;
  }

  /** Base of the admin API, `http://127.0.0.1:PORT/admin`; undefined when it was turned off. */
  get adminUrl(): string | undefined {
    return this.#adminUrl;
  }

  /** The credentials that are valid now; the password changes with a reset. */
  get credentials(): Credentials {
    return { ...this.#parts.settings.credentials, password: this.#parts.sessions.password };
  }

  /** The registered listeners of an account. */
  listeners(account: string): CallbackRegistration[] {
    return this.#parts.registry.list(account);
  }

  /** Callbacks held at the moment. */
  get heldCallbacks(): number {
    return this.#parts.outbox.heldCount;
  }

  /** From now on callbacks are put aside when they are due. Held callbacks do not count for {@link idle}. */
  holdCallbacks(): void {
    this.#parts.outbox.hold();
  }

  /** Sends the held callbacks and holds no longer. */
  releaseCallbacks(order: ReleaseOrder = 'held'): void {
    const { outbox, random } = this.#parts;
    outbox.release((jobs) => {
      if (order === 'reverse') return jobs.toReversed();
      if (order === 'held') return jobs;
      return jobs
        .map((job) => ({ job, key: random.next() }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ job }) => job);
    });
  }

  /** Stops the delivery of callbacks; those that wait count for {@link idle}. */
  pauseCallbacks(): void {
    this.#parts.outbox.pause();
  }

  resumeCallbacks(): void {
    this.#parts.outbox.resume();
  }

  /** Resolves when no callback waits, is in flight, or is to be sent again. */
  idle(): Promise<void> {
    return this.#parts.activity.idle();
  }

  /**
   * Posts any message once to the registered listener, or to `url`. A string is sent as it stands, anything else as JSON.
   * Resolves with the listener's status or the reason for none. Throws when no listener is registered and no URL given.
   */
  emitCallback(
    account: string,
    service: string,
    body: unknown,
    options: { url?: string; contentType?: string } = {},
  ): Promise<AttemptResult> {
    const listener = this.#parts.registry.find(account, service);
    const url = options.url ?? listener?.url;
    if (url === undefined) throw new Error(`No listener is registered for ${service} of ${account}.`);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const to = { account, service, url };
    return this.#parts.sender.emit(to, text, options.contentType ?? 'application/json');
  }

  /** Starts the admin server. For the composition root. */
  async openAdmin(server: Server, port: number): Promise<void> {
    this.#adminUrl = `${await listen(server, this.#parts.settings.host, port)}/admin`;
    this.#servers.push(server);
  }

  /** Cuts every connection and forgets every waiting callback. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { timers, client, activity } = this.#parts;
    timers[Symbol.dispose]();
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const server of this.#servers) server.closeAllConnections();
    await client[Symbol.asyncDispose]();
    activity.abandon();
    await Promise.all(closed);
  }
}
