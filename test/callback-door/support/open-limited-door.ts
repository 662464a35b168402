import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Hub } from '../../../src/datasources/request-log/hub.ts';
import { openSqliteStore } from '../../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { CallbackGeneration } from '../../../src/resolvers/callbacks/callback-generation.ts';
import { CallbackReceiver, type ReceivedMessage, type ReceiveResult } from '../../../src/resolvers/callbacks/receive-callback.ts';
import { CallbackAddresses } from '../../../src/server/callbacks/callback-addresses.ts';
import { CallbackPaths, makeCallbackPath } from '../../../src/resolvers/callbacks/callback-paths.ts';
import { createCallbackServer } from '../../../src/server/callbacks/callbacks.ts';
import { DoorConnections } from '../../../src/server/door-connections.ts';
import type { HttpTimeouts } from '../../../src/server/http-timeouts.ts';
import { recordedLog, type RecordedLog } from '../../support/recorded-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { flatten, storeOf, type FlatStore } from '../../support/flat-store.ts';
import { throwFailure } from '../../support/throw-failure.ts';

export interface LimitedDoor extends AsyncDisposable {
  readonly port: number;
  readonly path: string;
  readonly log: RecordedLog;
  /** One sample of the metrics by its name, labels included; NaN when there is none. */
  metric(name: string): Promise<number>;
  /** How many messages are in the store. */
  stored(): Promise<number>;
}

/**
 * The callback door alone, on a store of its own, with the timeouts and the addresses of the test.
 *
 * @param ready what every message waits for before it is stored.
 */
export async function openLimitedDoor(
  timeouts: Partial<HttpTimeouts>,
  allowed = 'any',
  most = Infinity,
  ready = Promise.resolve(),
): Promise<LimitedDoor> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const requestLog = undo.use(
    flatten(
      openSqliteStore({
        path: `${folder.path}/gateway.sqlite`,
        hub: new Hub({ tickMs: () => 1 }),
        now: Date.now,
        onFatal: (error) => {
          throw error;
        },
      }),
    ),
  );
  const [account, secret] = ['0868924207-00001', 'a-callback-secret-of-32-characters'];
  const metrics = createMetrics();
  const log = recordedLog();
  const addresses = new CallbackAddresses({ allowed: [allowed], proxyHops: 0, isOnLoopback: true, publicUrl: null });
  const connections = undo.use(new DoorConnections({ listener: 'callbacks', most, logger: log.logger, metrics }));
  const server = createCallbackServer({
    receiver: new PatientReceiver(ready, requestLog),
    addresses: () => addresses,
    connections,
    paths: new CallbackPaths({
      accounts: [account],
      secret,
      previousSecret: null,
      generation: await CallbackGeneration.load({ store: storeOf(requestLog), now: Date.now, onFailure: throwFailure }),
    }),
    maxBodyBytes: 1_048_576,
    pseudonym: () => 'pseudonym',
    logger: log.logger,
    metrics,
    now: Date.now,
    timeouts,
  });
  connections.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const built = undo.move();
  return {
    port: (server.address() as AddressInfo).port,
    path: makeCallbackPath(secret, { account, service: 'CarrierService' }),
    log,
    async metric(name) {
      const line = (await metrics.registry.metrics()).split('\n').find((each) => each.startsWith(`${name} `));
      return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
    },
    stored: async () => (await requestLog.counts()).unclaimed,
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

class PatientReceiver extends CallbackReceiver {
  readonly #ready: Promise<void>;

  constructor(ready: Promise<void>, requestLog: FlatStore) {
    super({ store: storeOf(requestLog), credentials: null, requireCredentials: false, deadLettersPerReason: 10, now: Date.now });
    this.#ready = ready;
  }

  override async receive(message: ReceivedMessage): Promise<ReceiveResult> {
    await this.#ready;
    return await super.receive(message);
  }
}
