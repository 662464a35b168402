import { AccountBook } from './accounts/account-book.ts';
import { allOperations } from './actions/all-operations.ts';
import { DeviceFinder } from './actions/device-finder.ts';
import { RequestBook } from './actions/request-book.ts';
import { RequestRunner } from './actions/request-runner.ts';
import { Activity } from './activity.ts';
import { createAdminServer } from './admin/admin-server.ts';
import { BearerTokens } from './auth/bearer-tokens.ts';
import { RateLimit } from './auth/rate-limit.ts';
import { Sessions } from './auth/sessions.ts';
import { CallbackClient } from './callbacks/callback-client.ts';
import { CallbackRegistry } from './callbacks/callback-registry.ts';
import { CallbackSender } from './callbacks/callback-sender.ts';
import { DelayQueue } from './callbacks/delay-queue.ts';
import { Outbox } from './callbacks/outbox.ts';
import { Timers } from './clock.ts';
import { generateDevices } from './devices/generate-devices.ts';
import { Inventory } from './devices/inventory.ts';
import { accountRoutes } from './endpoints/account-routes.ts';
import { activityRoutes } from './endpoints/activity-routes.ts';
import { callbackRoutes } from './endpoints/callback-routes.ts';
import { deviceRoutes } from './endpoints/device-routes.ts';
import { groupRoutes } from './endpoints/group-routes.ts';
import { sessionRoutes } from './endpoints/session-routes.ts';
import { tokenRoutes } from './endpoints/token-routes.ts';
import { noCallbackFaults } from './faults/callback-faults.ts';
import { EndpointFaults } from './faults/endpoint-faults.ts';
import { Faults } from './faults/faults.ts';
import { createApiServer } from './http/api-server.ts';
import { listen } from './http/listen.ts';
import { Ledger } from './ledger.ts';
import { resolveOptions, type SimulatorOptions } from './options.ts';
import { createRandom } from './random.ts';
import { Simulator } from './simulator.ts';
import { UnkindSwitch } from './unkind/unkind-switch.ts';

/** Starts a simulated carrier and waits until it listens. Rejects when a port is taken. Undo with `await using`. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const settings = resolveOptions(options);
  const { clock, credentials } = settings;
  const now = () => clock.now();
  const random = createRandom(settings.runSeed);
  const timers = new Timers(clock);
  const activity = new Activity();
  const ledger = new Ledger(settings.ledger);
  const accounts = new AccountBook(settings.accounts, settings.foreignAccounts);
  const inventoryRandom = createRandom(settings.inventorySeed);
  const inventory = new Inventory(inventoryRandom);
  for (const name of settings.accounts) {
    generateDevices(inventory, name, settings.devicesPerAccount, inventoryRandom, now());
  }
  const bearerTokens = new BearerTokens({ clock, random, lifetimeMs: settings.bearerLifetimeMs });
  const sessions = new Sessions({
    clock,
    random,
    username: credentials.username,
    password: credentials.password,
    idleMs: settings.sessionIdleMs,
    lockoutAfter: settings.lockoutAfter,
    loginInvalidates: settings.loginInvalidatesSessions,
  });
  const registry = new CallbackRegistry(settings.registration);
  const concurrency = settings.callbackConcurrency;
  const client = new CallbackClient({ connections: concurrency, timeoutMs: settings.callbackTimeoutMs });
  const outbox = new Outbox({ activity, clock, timers, concurrency, perSecond: settings.callbacksPerSecond });
  const callbackFaults = { ...noCallbackFaults };
  const unkind = new UnkindSwitch({ magicIdentifiers: settings.magicIdentifiers, on: settings.unkind });
  const shared = { settings, random, ledger, outbox, faults: callbackFaults };
  const sender = new CallbackSender({ ...shared, timers, activity, client, registry });
  const delays = new DelayQueue({ activity, clock, timers });
  const requests = new RequestBook();
  const runner = new RequestRunner({ ...shared, requests, inventory, delays, sender });
  const devices = new DeviceFinder({ settings, inventory, random, unkind });
  const carrier = { settings, accounts, inventory, devices, rateLimit: new RateLimit(clock), random };
  const routes = [
    ...tokenRoutes(bearerTokens, credentials),
    ...sessionRoutes(sessions, ledger),
    ...callbackRoutes({ accounts, registry, sessions, settings }),
    ...allOperations.map((operation) => operation.route(carrier, runner)),
    ...deviceRoutes({ accounts, inventory, settings, unkind }),
    ...activityRoutes({ accounts, inventory, settings }),
    ...accountRoutes(accounts, requests),
    ...groupRoutes(accounts, inventory),
  ];
  const endpoints = new EndpointFaults(routes.map(({ endpoint }) => endpoint));
  const faults = new Faults({ endpoints, callbacks: callbackFaults, unkind, bearerTokens, sessions });
  const api = createApiServer({
    routes,
    bearerTokens,
    sessions,
    faults: endpoints,
    ledger,
    clock,
    timers,
    unkind,
    lenient: settings.lenient,
  });
  const apiOrigin = await listen(api, settings.host, settings.port);
  const simulator = new Simulator({
    settings,
    apiOrigin,
    servers: [api],
    accounts,
    inventory,
    sessions,
    faults,
    ledger,
    registry,
    sender,
    outbox,
    client,
    activity,
    timers,
    random,
  });
  if (settings.adminPort === false) return simulator;
  try {
    await simulator.openAdmin(createAdminServer(simulator), settings.adminPort);
    return simulator;
  } catch (error) {
    await simulator[Symbol.asyncDispose]();
    throw error;
  }
}
