import { tempFolderOnDisk } from '../test/support/temp-folder.ts';
import { BenchProcess } from './child-process.ts';
import { FakeCarrier } from './fake-carrier.ts';
import { GatewayProcess } from './gateway-process.ts';
import { FOLLOW_QUERY, type BenchRequest } from './load-plan.ts';
import type { BenchOptions } from './options.ts';
import { runLoad, type LoadRun } from './run-load.ts';

/** What most parts need: a gateway with a store of its own, and the processes that send to it and follow. */
export async function openBench({ profile }: Pick<BenchOptions, 'profile'>) {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolderOnDisk());
  const carrier = undo.use(await FakeCarrier.start());
  const generator = undo.use(new BenchProcess('./load-generator.ts'));
  const followers = undo.use(new BenchProcess('./followers.ts'));
  const gateway = undo.use(await GatewayProcess.start({ carrierUrl: carrier.url, storePath: `${folder.path}/bench.sqlite`, profile }));
  const built = undo.move();
  return {
    generator,
    followers,
    gateway,
    /** Sends the callbacks of the requests to the gateway, `inFlight` at a time. Without followers nobody is told of them. */
    load(requests: readonly BenchRequest[], inFlight: number, followerCount = 0): Promise<LoadRun> {
      const plan = { url: gateway.websocketUrl, followers: followerCount, requests, query: FOLLOW_QUERY, awaitFirst: true };
      const parts = { server: gateway.process, generator, followers };
      return runLoad(parts, { url: gateway.callbackUrl, requests, inFlight }, followerCount === 0 ? null : plan);
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
