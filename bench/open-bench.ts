import { tempFolderOnDisk } from '../test/support/temp-folder.ts';
import { BenchProcess } from './child-process.ts';
import { FakeCarrier } from './fake-carrier.ts';
import { GatewayProcess, type GatewayProcessOptions } from './gateway-process.ts';
import { FOLLOW_QUERY, type BenchRequest } from './load-plan.ts';
import type { BenchOptions } from './options.ts';
import { readCheckout } from './other-checkout.ts';
import { runLoad, type LoadRun } from './run-load.ts';

/** A gateway under measurement. */
export interface Subject extends AsyncDisposable {
  readonly gateway: GatewayProcess;
  /** Sends the callbacks of the requests to it, `inFlight` at a time. Without followers nobody is told of them. */
  readonly load: (requests: readonly BenchRequest[], inFlight: number, followerCount?: number) => Promise<LoadRun>;
  /** The same for requests that are made for it. */
  readonly measure: (plan: MeasurePlan) => Promise<LoadRun>;
}

export interface MeasurePlan {
  readonly requests: number;
  /** Of each request. */
  readonly devices: number;
  /** Callbacks on their way at once. */
  readonly inFlight: number;
  readonly followerCount: number;
}

/**
 * What most parts need: a gateway with a store of its own, and the processes that send to it and follow; and the gateway of the other
 * checkout, where one is named.
 */
export async function openBench({ profile, against }: Pick<BenchOptions, 'profile' | 'against'>) {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolderOnDisk());
  const carrier = undo.use(await FakeCarrier.start());
  const generator = undo.use(new BenchProcess('./load-generator.ts'));
  const followers = undo.use(new BenchProcess('./followers.ts'));
  let started = 0;
  /** Starts a further gateway with a store of its own. */
  const startGateway = async (options: Pick<GatewayProcessOptions, 'checkout' | 'env'> = {}): Promise<Subject> => {
    const storePath = `${folder.path}/bench-${++started}.sqlite`;
    const gateway = await GatewayProcess.start({ carrierUrl: carrier.url, storePath, profile, ...options });
    const load: Subject['load'] = (requests, inFlight, followerCount = 0) => {
      const plan = { url: gateway.websocketUrl, followers: followerCount, requests, query: FOLLOW_QUERY, awaitFirst: true };
      const parts = { server: gateway.process, generator, followers };
      return runLoad(parts, { url: gateway.callbackUrl, requests, inFlight }, followerCount === 0 ? null : plan);
    };
    return {
      gateway,
      load,
      measure: async ({ requests, devices, inFlight, followerCount }) =>
        load(await gateway.submit(requests, devices), inFlight, followerCount),
      [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
    };
  };
  const own = undo.use(await startGateway());
  const other = against === null ? null : undo.use(await startGateway({ checkout: readCheckout(against) }));
  const built = undo.move();
  return {
    folder: folder.path,
    generator,
    followers,
    startGateway,
    own,
    gateway: own.gateway,
    load: own.load,
    /** The gateway of the other checkout. */
    other,
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
