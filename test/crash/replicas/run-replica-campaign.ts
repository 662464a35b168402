import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator } from '../../../simulator/start-simulator.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { until } from '../../support/until.ts';
import { auditCarrier } from '../campaign/audit-carrier.ts';
import { auditGraph } from '../campaign/audit-graph.ts';
import { auditStore } from '../campaign/audit-store.ts';
import { auditResults } from '../campaign/audit-subscriber.ts';
import { Books } from '../campaign/books.ts';
import { CallbackLoad } from '../campaign/callback-load.ts';
import { disturbCarrier } from '../campaign/carrier-faults.ts';
import { CarrierWatch } from '../campaign/carrier-watch.ts';
import { MutationLoad } from '../campaign/mutation-load.ts';
import { callbacksOfOthers } from '../campaign/callbacks-of-others.ts';
import { Operator } from '../campaign/operator.ts';
import { PostgresRows } from '../campaign/postgres-rows.ts';
import { settle } from '../campaign/settle.ts';
import { SubscriberLoad, type Followed } from '../campaign/subscriber-load.ts';
import { Tally } from '../campaign/tally.ts';
import { auditWindow } from './audit-window.ts';
import { Phases } from './phases.ts';
import { ReplicaFaults } from './replica-faults.ts';
import { ReplicaGroup } from './replica-group.ts';
import type { ReplicaCampaignOptions } from './replica-options.ts';
import type { ReplicaReport } from './replica-report.ts';
import { tryWrongPassword } from './wrong-password.ts';

const STORE_KEY = Buffer.alloc(32, 'replicas').toString('base64');
const KEYS = [Buffer.from(STORE_KEY, 'base64')];

/** Waiting times are short, so that a short campaign reaches them. The limit of activations is the usual one. */
const ENV = {
  M2M_THINGSPACE_TIMEOUT_MS: '1500',
  M2M_SUBMIT_WAIT_MS: '1000',
  M2M_CALLER_MUTATIONS_PER_MINUTE: '100000',
  M2M_CALLER_OPERATIONS_PER_MINUTE: '1000000',
  M2M_ADOPT_AFTER_MS: '1000',
  M2M_STORE_CONNECTIONS: '6',
  M2M_STORE_KEYS: STORE_KEY,
};

/** As long as the carrier waits. */
const CARRIER_PATIENCE_MS = 4_000;
/** Activations that wait for the limit, at most. */
const MOST_WAITING = 30;
const SOCKETS = 8;
const KEEP_ALIVE_MS = 500;
const SAY_EVERY_MS = 5_000;
const SAID_AT_END = 15;
const QUIET_MS = 1_500;
/** They come while nothing can be sent, too. */
const OF_OTHERS = { devices: 10, everyMs: 250 } as const;
const WARM_ACKNOWLEDGED = 300;
/** What a subscriber is refused with when it should ask again. */
const ASK_AGAIN = /"code":"(?:STORE_FAILED|OVERLOADED|SHUTTING_DOWN)"/;

/** Load and faults over several gateways on one database; then everything may come to its end; then the books are compared. */
export async function runReplicaCampaign(options: ReplicaCampaignOptions): Promise<ReplicaReport> {
  await using undo = new AsyncDisposableStack();
  const stream = (number: number) => new SeededRandom((options.seed + number * 0x9e37_79b9) >>> 0);
  const tally = new Tally();
  const onProblem = (problem: string) => tally.add('other', problem);
  const books = new Books();
  const simulator = undo.use(
    await startSimulator({
      seed: options.seed,
      magicIdentifiers: false,
      activateRequestsPerMinute: Number.POSITIVE_INFINITY,
      callbackDelayMs: [0, 0],
      devicesPerAccount: 1,
    }),
  );
  const { accounts } = simulator;
  const group = undo.use(
    await ReplicaGroup.start({ count: options.replicas, carrier: simulator, env: ENV, folder: options.folder, onProblem }),
  );
  if (options.standby) await group.database.addStandby();
  const faults = new ReplicaFaults({ group, simulator, random: stream(1), freezeMs: options.freezeMs, say: options.say });
  const phases = new Phases(faults);
  const subscribers = undo.use(
    new SubscriberLoad({
      lives: group,
      random: stream(2),
      onProblem,
      sockets: SOCKETS,
      keepAliveMs: KEEP_ALIVE_MS,
      mayAskAgain: (errors) => ASK_AGAIN.test(JSON.stringify(errors)),
      onResumed: (lostAt, silentMs) => phases.noteResumed(lostAt, silentMs),
    }),
  );
  const callbacks = undo.use(
    new CallbackLoad({
      books,
      lives: group,
      random: stream(3),
      secret: group.callbackSecret,
      doorUrl: group.nginx.callbacks,
      faultyDoorUrl: null,
      options,
      patienceMs: CARRIER_PATIENCE_MS,
      onFailed: (began, answer) => phases.noteFailed(began, answer),
      onProblem,
    }),
  );
  const activations = () => books.intents.filter(({ operation }) => operation === 'ActivateDevices');
  const mutations = new MutationLoad({
    books,
    lives: group,
    random: stream(4),
    accounts,
    options,
    backlog: () => callbacks.backlog,
    onRequest: (requestId, intent) => subscribers.add(requestId, intent),
    mayActivate: () =>
      activations().length < options.mostActivations &&
      activations().filter((intent) => books.postsOf(intent).length === 0).length < MOST_WAITING,
    onProblem,
  });
  const watch = new CarrierWatch(simulator, books, (performed) => callbacks.report(performed));
  const operator = new Operator({ books, lives: group, subscribers, isSure: () => !group.isFrozen });
  const calm = new AbortController();
  const settled = new AbortController();
  undo.defer(() => {
    watch.stop();
    calm.abort();
    mutations.stop();
    settled.abort();
  });
  void watch.watch();
  void callbacks.run();
  void mutations.run();
  void operator.work(settled.signal);
  const disturbances = [
    callbacksOfOthers(Number.POSITIVE_INFINITY, accounts, books, callbacks, calm.signal, OF_OTHERS),
    disturbCarrier(simulator, options.carrierFaults, stream(5), calm.signal, ['activate', 'renewActivationCode', 'profileResume']),
  ];

  const began = performance.now();
  const say = () => {
    const passed = ((performance.now() - began) / 1_000).toFixed(0).padStart(4);
    const { acknowledged, performed } = books;
    options.say(
      `${passed} s: kills ${faults.count('kill')}, acked ${acknowledged}, requests ${performed.length}, resumed ${subscribers.resumed}`,
    );
  };
  const saying = setInterval(say, SAY_EVERY_MS);
  undo.defer(() => clearInterval(saying));
  const over = () => performance.now() - began >= options.seconds * 1_000 && faults.count('kill') >= options.kills;
  await until(() => books.acknowledged >= WARM_ACKNOWLEDGED);
  do {
    await faults.round(group.database.hasStandby ? [...options.faults, 'failover'] : options.faults, calm.signal);
    await faults.thawed();
    await delay(QUIET_MS);
    phases.restarted(await faults.restartAll());
  } while (!over() && tally.counts.other < 20);
  mutations.stop();
  calm.abort();
  await Promise.all(disturbances);
  simulator.faults.clear();
  say();
  const graphql = group.replicas[0]?.process?.graphql ?? '';
  const open = await settle({ url: graphql, callbacks, subscribers, asking: () => mutations.asking, stallMs: options.stallMs });
  if (open !== null) {
    tally.add('other', `not everything came to its end: ${open}`);
    options.say(`still open: ${open}`);
    for (const replica of group.replicas) options.say(`${replica.name} said:\n${replica.lastLines(SAID_AT_END)}`);
  }
  const drained = await Promise.race([group.drained().then(() => true), delay(options.stallMs, false)]);
  if (!drained) tally.add('other', 'a journal was not emptied');
  say();
  options.say('everything has come to its end');
  settled.abort();
  await auditGraph(graphql, books, tally);
  options.say('the graph is compared');
  await Promise.all(group.replicas.map((replica) => replica.stop()));
  await auditDatabase(group.database.url, books, subscribers.followed, tally);
  options.say('the database is compared');
  auditResults(books, subscribers.followed, tally);
  auditCarrier(books, tally);
  phases.audit(tally);
  const window = auditWindow(simulator.ledger.posts, tally);
  const logins = simulator.ledger.counts.calls['login'] ?? 0;
  // Whoever ends in the middle of a login takes its token along.
  const mostLogins = 1 + faults.count('session') + faults.interruptions;
  if (logins > mostLogins) tally.add('other', `${logins} logins, and only ${mostLogins} reasons`);
  const refusedLogins = await tryWrongPassword(group, simulator);
  if (refusedLogins !== 1) tally.add('other', `a wrong password was tried ${refusedLogins} times`);
  return {
    seed: options.seed,
    acknowledged: books.acknowledged,
    kills: faults.count('kill'),
    done: faults.done,
    seconds: (performance.now() - began) / 1_000,
    requests: books.performed.length,
    resumed: subscribers.resumed,
    slowestResumeMs: phases.slowestResumeMs,
    failedInRestarts: phases.failedInRestarts,
    mostJournalled: faults.mostJournalled,
    window,
    logins,
    refusedLogins,
    answers: callbacks.answers,
    tally,
  };
}

async function auditDatabase(url: string, books: Books, followed: readonly Followed[], tally: Tally): Promise<void> {
  await using rows = await PostgresRows.open(url, KEYS);
  await auditStore(rows, books, followed, tally);
}
