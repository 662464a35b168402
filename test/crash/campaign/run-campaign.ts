import { startSimulator } from '../../../simulator/start-simulator.ts';
import { gatewayEnv } from '../../support/gateway-env.ts';
import { FakeClock } from '../../support/libfaketime.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { startTcpFaultProxy } from '../../support/tcp-fault-proxy.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { auditCarrier } from './audit-carrier.ts';
import { auditGraph } from './audit-graph.ts';
import { auditStore } from './audit-store.ts';
import { auditResults } from './audit-subscriber.ts';
import { Books } from './books.ts';
import { CallbackLoad } from './callback-load.ts';
import { callbacksOfOthers } from './callbacks-of-others.ts';
import type { CampaignOptions } from './campaign-options.ts';
import { connectionFault, disturbCarrier, disturbClock, FARTHEST_S } from './carrier-faults.ts';
import { CarrierWatch } from './carrier-watch.ts';
import { freePort } from '../../support/free-port.ts';
import { GatewayLives } from './gateway-lives.ts';
import { LifePlanner } from './life-plan.ts';
import { MutationLoad } from './mutation-load.ts';
import { Operator } from './operator.ts';
import type { CampaignReport } from './report.ts';
import { settle } from './settle.ts';
import { SqliteRows } from './sqlite-rows.ts';
import { SubscriberLoad, type Followed } from './subscriber-load.ts';
import { Tally } from './tally.ts';

const STORE_KEY = Buffer.alloc(32, 'campaign').toString('base64');

/** The gateway's waiting times are short, so that a short campaign reaches them. The carrier's own limit is not tested here. */
const ENV = {
  M2M_THINGSPACE_TIMEOUT_MS: '1500',
  M2M_SUBMIT_WAIT_MS: '1000',
  M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '100000',
  M2M_CALLER_MUTATIONS_PER_MINUTE: '100000',
  M2M_CALLER_OPERATIONS_PER_MINUTE: '1000000',
  M2M_ADOPT_AFTER_MS: '1000',
  // Messages are sealed, as in production.
  M2M_STORE_KEYS: STORE_KEY,
};

const SAY_EVERY_MS = 5_000;
const SAID_AT_END = 20;
/** The wall clock jumps once more. What waits for a time comes to its end all the same, by the uptime. */
const END_OF_CLOCK_S = FARTHEST_S + 60;

/** One campaign: load and faults; then everything may come to its end; then the books are compared. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  await using undo = new AsyncDisposableStack();
  const stream = (number: number) => new SeededRandom((options.seed + number * 0x9e37_79b9) >>> 0);
  const tally = new Tally();
  const onProblem = (problem: string) => tally.add('other', problem);
  const books = new Books();
  const folder = undo.use(await tempFolder());
  const simulator = undo.use(
    await startSimulator({
      seed: options.seed,
      magicIdentifiers: false,
      activateRequestsPerMinute: Number.POSITIVE_INFINITY,
      callbackDelayMs: [0, 0],
      devicesPerAccount: 1,
    }),
  );
  const { credentials, accounts } = simulator;

  const calm = new AbortController();
  const network = stream(1);
  const faultOf = () => (options.networkFaults && !calm.signal.aborted ? connectionFault(network) : {});
  const carrierProxy = undo.use(await startTcpFaultProxy(simulator.url, faultOf));
  const doorUrl = `http://127.0.0.1:${await freePort()}`;
  const doorProxy = undo.use(await startTcpFaultProxy(doorUrl, faultOf));
  const storePath = `${folder.path}/gateway.sqlite`;
  const env: Record<string, string> = {
    ...gatewayEnv({ url: carrierProxy.through(simulator.url), credentials, accounts }, storePath),
    ...ENV,
    M2M_CALLBACK_PORT: new URL(doorUrl).port,
    M2M_GRAPHQL_PORT: String(await freePort()),
  };

  const clock = options.clockJumps ? new FakeClock(`${folder.path}/clock`) : null;
  const met = new Map<string, number>();
  const onKilled = () => {
    for (const point of books.underWay()) met.set(point, (met.get(point) ?? 0) + 1);
  };
  const lives = undo.use(new GatewayLives({ simulator, env, folder: folder.path, clock, options, onKilled, onProblem }));
  const subscribers = undo.use(new SubscriberLoad({ lives, random: stream(2), onProblem }));
  const callbacks = undo.use(
    new CallbackLoad({
      books,
      lives,
      random: stream(3),
      secret: env['M2M_CALLBACK_SECRET'] ?? '',
      doorUrl,
      faultyDoorUrl: options.networkFaults ? new URL(doorProxy.through(doorUrl)).origin : null,
      options,
      onProblem,
    }),
  );
  const mutations = new MutationLoad({
    books,
    lives,
    random: stream(4),
    accounts,
    options,
    backlog: () => callbacks.backlog,
    onRequest: (requestId, intent) => subscribers.add(requestId, intent),
    onProblem,
  });
  const watch = new CarrierWatch(simulator, books, (performed) => callbacks.report(performed));
  undo.defer(() => watch.stop());

  const operator = new Operator({ books, lives, subscribers });
  const settled = new AbortController();
  undo.defer(() => {
    calm.abort();
    mutations.stop();
    settled.abort();
  });

  void watch.watch();
  void callbacks.run();
  void mutations.run();
  void operator.work(settled.signal);
  const disturbances = [
    callbacksOfOthers(options.others, accounts, books, callbacks, calm.signal),
    disturbCarrier(simulator, options.carrierFaults, stream(5), calm.signal),
    clock ? disturbClock(clock, stream(6), calm.signal) : Promise.resolve(),
  ];

  const began = performance.now();
  const planner = new LifePlanner(options, stream(7));
  const say = () =>
    options.say(
      `${seconds(began)} s: kills ${lives.kills}, acked ${books.acknowledged}, requests ${books.performed.length}, resumed ${subscribers.resumed}`,
    );
  const saying = setInterval(say, SAY_EVERY_MS);
  undo.defer(() => clearInterval(saying));
  const over = () => performance.now() - began >= options.seconds * 1_000 && lives.kills >= options.kills;
  while (!over() && tally.counts.other < 20) await lives.live(planner.next(), calm.signal);

  mutations.stop();
  calm.abort();
  await Promise.all(disturbances);
  simulator.faults.clear();
  clock?.set(END_OF_CLOCK_S);
  const gateway = await lives.stay();
  say();
  if (gateway) {
    // After logins that nobody answered the gateway waits for minutes, over restarts too. The operator does not.
    await fetch(`${gateway.admin}/login/unlatch`, { method: 'POST' });
    const open = await settle({ url: gateway.graphql, callbacks, subscribers, asking: () => mutations.asking, stallMs: options.stallMs });
    if (open !== null) {
      tally.add('other', `not everything came to its end: ${open}`);
      options.say(`the last life said:\n${gateway.output().trim().split('\n').slice(-SAID_AT_END).join('\n')}`);
    }
    say();
    settled.abort();
    await auditGraph(gateway.graphql, books, tally);
    await lives.stop();
  }
  await auditFile(storePath, books, subscribers.followed, tally);
  auditResults(books, subscribers.followed, tally);
  auditCarrier(books, tally);
  return {
    seed: options.seed,
    acknowledged: books.acknowledged,
    kills: lives.kills,
    killed: lives.killed,
    met,
    seconds: (performance.now() - began) / 1_000,
    requests: books.performed.length,
    resumed: subscribers.resumed,
    lostBytes: lives.lostBytes,
    answers: callbacks.answers,
    tally,
  };
}

async function auditFile(path: string, books: Books, followed: readonly Followed[], tally: Tally): Promise<void> {
  try {
    using rows = new SqliteRows(path, [Buffer.from(STORE_KEY, 'base64')]);
    await auditStore(rows, books, followed, tally);
  } catch (error) {
    tally.add('other', `the store's file cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1_000).toFixed(0).padStart(4);
}
