import type { SimulatorOptions } from '../../../simulator/options.ts';
import { startSimulator } from '../../../simulator/start-simulator.ts';
import { CallbackListener } from './callback-listener.ts';
import { CarrierClient } from './carrier-client.ts';

/** A simulator whose callbacks come at once, a client with both tokens, and a listener that it has registered for the services. */
export async function openScene(services: readonly string[], options: SimulatorOptions = {}) {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator({ callbackDelayMs: [0, 0], ...options }));
  const listener = undo.use(await CallbackListener.start());
  const client = undo.use(await CarrierClient.open(simulator));
  await client.register(listener.url, ...services);
  const built = undo.move();
  return { simulator, listener, client, [Symbol.asyncDispose]: () => built.disposeAsync() };
}
