import type { Simulator } from '../../../simulator/simulator.ts';
import { freePort } from '../../support/free-port.ts';
import { gatewayEnv } from '../../support/gateway-env.ts';
import { startNginx, type Nginx } from '../../support/nginx.ts';
import { startTcpFaultProxy } from '../../support/tcp-fault-proxy.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import type { Door, Doors } from '../campaign/doors.ts';
import { Replica } from './replica.ts';
import { SharedDatabase } from './shared-database.ts';

export interface ReplicaGroupOptions {
  readonly count: number;
  /** The carrier, as the gateways reach it. */
  readonly carrier: Pick<Simulator, 'url' | 'credentials' | 'accounts'>;
  readonly env: Readonly<Record<string, string>>;
  /** See `SpawnOptions`. */
  readonly folder?: string | undefined;
  readonly onProblem: (problem: string) => void;
}

/** Gateways on one PostgreSQL behind one nginx. Each reaches the database by a way of its own, which may fail. */
export class ReplicaGroup implements Doors, AsyncDisposable {
  readonly replicas: readonly Replica[];
  readonly database: SharedDatabase;
  readonly nginx: Nginx;
  /** `M2M_CALLBACK_SECRET` of all. */
  readonly callbackSecret: string;
  readonly #undo: AsyncDisposableStack;
  readonly #door: Door;

  private constructor(parts: Pick<ReplicaGroup, 'replicas' | 'database' | 'nginx' | 'callbackSecret'>, undo: AsyncDisposableStack) {
    this.replicas = parts.replicas;
    this.database = parts.database;
    this.nginx = parts.nginx;
    this.callbackSecret = parts.callbackSecret;
    this.#undo = undo;
    const { graphql, websocket } = parts.nginx;
    this.#door = { graphql: `${graphql}/graphql`, websocket: `${websocket}/graphql`, exited: new Promise(() => undefined) };
  }

  static async start(options: ReplicaGroupOptions): Promise<ReplicaGroup> {
    await using undo = new AsyncDisposableStack();
    const folder = undo.use(await tempFolder());
    const database = undo.use(await SharedDatabase.start());
    const ports = { callbacks: [] as number[], graphql: [] as number[] };
    const replicas: Replica[] = [];
    const common = { ...gatewayEnv(options.carrier, `${folder.path}/unused.sqlite`), ...options.env };
    for (let at = 0; at < options.count; at++) {
      const name = `replica ${at + 1}`;
      const [callbackPort, graphqlPort] = [await freePort(), await freePort()];
      ports.callbacks.push(callbackPort);
      ports.graphql.push(graphqlPort);
      const proxy = undo.use(await startTcpFaultProxy(database.url));
      const env = {
        ...common,
        M2M_STORE_URL: proxy.through(database.url),
        M2M_STORE_JOURNAL: `${folder.path}/journal-${at + 1}.sqlite`,
        M2M_CALLBACK_PORT: String(callbackPort),
        M2M_GRAPHQL_PORT: String(graphqlPort),
      };
      const { folder: source, onProblem } = options;
      replicas.push(undo.use(new Replica({ name, env, database: proxy, folder: source, onProblem })));
    }
    await Promise.all(replicas.map((replica) => replica.start()));
    const nginx = undo.use(await startNginx(ports));
    return new ReplicaGroup({ replicas, database, nginx, callbackSecret: common['M2M_CALLBACK_SECRET'] ?? '' }, undo.move());
  }

  readonly isUp = true;

  up(): Promise<Door> {
    // Who still asks when all is over waits without an end.
    return this.#undo.disposed ? new Promise(() => undefined) : Promise.resolve(this.#door);
  }

  get isFrozen(): boolean {
    return this.replicas.some(({ isFrozen }) => isFrozen);
  }

  /** The standby takes the database's place, and all ways lead there. */
  async failOver(): Promise<void> {
    await this.database.failOver();
    for (const { database } of this.replicas) {
      database.redirect(this.database.url);
      database.cut();
    }
  }

  /** Waits until nothing is left in any journal. */
  async drained(): Promise<void> {
    await until(async () => (await Promise.all(this.replicas.map((replica) => replica.journalled()))).every((waiting) => waiting === 0));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#undo.disposeAsync();
  }
}
