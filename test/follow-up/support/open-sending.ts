import type { ThingSpace } from '../../../src/datasources/thingspace/thing-space.ts';
import { GroupMembers } from '../../../src/resolvers/requests/group-members.ts';
import { RequestSender } from '../../../src/resolvers/requests/request-sender.ts';
import { SendQueue } from '../../../src/resolvers/requests/send-queue.ts';
import type { Simulator } from '../../../simulator/simulator.ts';
import { carrierClient } from '../../support/carrier-client.ts';
import { iccid } from '../../support/devices.ts';
import { newRequest } from '../../support/new-request.ts';
import { openLog } from '../../support/open-log.ts';
import { storeOf, type FlatStore } from '../../support/flat-store.ts';

export interface SendingOptions {
  /** Wraps the log of the sender. */
  readonly aroundLog?: (log: FlatStore) => FlatStore;
  /** Wraps the carrier of the sender. */
  readonly aroundCarrier?: (carrier: Pick<ThingSpace, 'perform'>) => Pick<ThingSpace, 'perform'>;
}

export interface Sending extends AsyncDisposable {
  readonly requestLog: FlatStore;
  readonly sender: RequestSender;
  readonly failures: readonly unknown[];
  /** Writes the intent to activate one device, without sending it. Returns its id. */
  intend(number: number): Promise<string>;
}

/** Only the way from the log to the carrier, on a real store: for faults that no socket can cause at a chosen moment. */
export async function openSending(simulator: Simulator, storePath: string, options: SendingOptions = {}): Promise<Sending> {
  const { aroundLog = (log) => log, aroundCarrier = (carrier) => carrier } = options;
  const undo = new AsyncDisposableStack();
  const requestLog = undo.use(openLog(storePath));
  const carrier = undo.use(carrierClient(simulator));
  const queue = undo.use(new SendQueue({ perMinute: 100_000, monotonicNow: () => performance.now() }));
  const failures: unknown[] = [];
  const log = aroundLog(requestLog);
  const sender = undo.use(
    new RequestSender({
      store: storeOf(log),
      thingSpace: aroundCarrier(carrier.thingSpace),
      queue,
      members: new GroupMembers({ store: storeOf(log), reads: carrier.reads, onFailure: (_id, error) => failures.push(error) }),
      firstPauseMs: 5,
      maxPauseMs: 20,
      maxWaitMs: 60_000,
      now: Date.now,
      onFailure: (_id, error) => failures.push(error),
    }),
  );
  await sender.begin({ token: 1, over: new AbortController().signal }, undo);
  return {
    requestLog,
    sender,
    failures,
    intend: async (number) => {
      const settings = JSON.stringify({ servicePlan: 'm2m4G2GB', mdnZipCode: '98801', skuNumber: 'VZW1' });
      const more = { account: simulator.accounts[0] ?? '', settings, createdAt: Date.now() };
      return (await requestLog.create(newRequest([[['ICCID', iccid(number)]]], more))).id;
    },
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  };
}
