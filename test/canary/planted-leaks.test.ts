import { expect, test } from 'vitest';
import { plantedTree, type Edit } from '../support/planted-tree.ts';
import { canary } from './canaries.ts';
import { startGuardedStack, type GuardedStack } from './support/guarded-stack.ts';
import { quarantined, renewed, unreadable, usage } from './support/marked-callbacks.ts';
import { ACTIVATE, activation, everything, slimActivation } from './support/marked-inputs.ts';
import { quoting } from './support/quoting-answers.ts';
import { deliver } from './support/trips.ts';

/** A leak that the search must find. */
interface PlantedLeak extends Edit {
  readonly name: string;
  /** Markers and where they come to light, among others. */
  readonly shows: readonly string[];
}

const DOOR = 'server/callbacks/callbacks.ts';

const LEAKS: readonly PlantedLeak[] = [
  {
    name: 'the callback door logs what it receives, as base64',
    file: DOOR,
    find: '  const started = performance.now();',
    replace: `  const started = performance.now();\n  door.logger.info('received', { reason: Buffer.from(bytes).toString('base64'), account });`,
    shows: ['callbackPassword in output', 'activationCode in output', 'account in output'],
  },
  {
    name: 'a label of a metric is what a message says',
    file: DOOR,
    find: 'metrics.callbackCredentials.inc({ credentials: result.credentials.toLowerCase() });',
    replace: `metrics.callbackCredentials.inc({ credentials: Buffer.from(bytes).toString('hex') });`,
    shows: ['callbackPassword in metrics', 'quarantinedPassword in metrics'],
  },
  {
    name: 'errors of GraphQL repeat values',
    file: 'server/graphql/mask-error.ts',
    find: 'return explainError(graphqlError);',
    replace: 'return graphqlError;',
    shows: ['wrongScalar in refusals'],
  },
  {
    name: 'the list of listeners has whole URLs',
    file: 'resolvers/callbacks/callback-registrations.ts',
    find: 'deliversTo: url === null ? null : originOf(url), change: null',
    replace: 'deliversTo: url, change: null',
    shows: ['path in admin'],
  },
  {
    name: 'a reader is shown every unclaimed message',
    file: 'schema/unclaimed-callback.ts',
    find: `(message.bearing === 'OTHER' || message.bearing === 'NIDD_CONFIG') && !NAMES_A_SECRET.test(json) ? json : null`,
    replace: '(NAMES_A_SECRET && message ? json : null)',
    shows: ['externalActivationCode in reader'],
  },
  {
    name: 'our own password stays where a message repeats it',
    file: 'resolvers/callbacks/receive-callback.ts',
    find: 'readCallbackBody(message.bytes, this.#passwords, message)',
    replace: 'readCallbackBody(message.bytes, [], message)',
    shows: ['callbackPassword in reader'],
  },
  {
    name: 'our own password stays in a message that cannot be read',
    file: 'resolvers/callbacks/receive-callback.ts',
    find: 'maskSecrets(bytes, this.#passwords)',
    replace: 'maskSecrets(bytes, this.#passwords.slice(2))',
    shows: ['callbackPassword in owner', 'callbackPassword in plain store', 'previousPassword in plain store'],
  },
  {
    name: 'the carrier’s words are kept with what they repeat',
    file: 'datasources/thingspace/authorized-calls.ts',
    find: 'withoutEcho(error.message, sent)',
    replace: 'withoutEcho(error.message, { ...sent, secrets: [], body: undefined })',
    shows: ['bearerToken in plain store', 'lastName in refusals', 'sessionToken in reader'],
  },
  {
    name: 'the refused login is remembered as it was',
    file: 'datasources/thingspace/session.ts',
    find: 'new LoginBudget(options.facts, fingerprint, options.now)',
    replace: 'new LoginBudget(options.facts, JSON.stringify(options.credentials), options.now)',
    shows: ['uwsPassword in plain store', 'clientSecret in plain store'],
  },
  {
    name: 'a span has the path of a callback',
    file: DOOR,
    find: "    'http.route': ROUTE,",
    replace: "    'http.route': request.url ?? ROUTE,",
    shows: ['path in spans'],
  },
  {
    name: 'a span has the account itself',
    file: DOOR,
    find: "    'm2m.account': door.pseudonym(account),",
    replace: "    'm2m.account': account,",
    shows: ['account in spans'],
  },
  {
    name: 'a span has what leaves for the carrier',
    file: 'gateway/trace-sending.ts',
    find: "'m2m.carrier.call': name,",
    replace: "'m2m.carrier.call': JSON.stringify(exchange),",
    shows: ['lastName in spans', 'uwsPassword in spans', 'bearerToken in spans'],
  },
  {
    name: 'a span has whatever a callback says in the place of an id',
    file: 'gateway/intake/trace-intake.ts',
    find: "guidOf(callback.message.requestId ?? '')",
    replace: 'callback.message.requestId',
    shows: ['unclaimedId in spans'],
  },
];

/** Sends a little of everything. */
async function shortTrip(stack: GuardedStack): Promise<void> {
  stack.carrier.answerNext(/session.login$/, quoting.login);
  await stack.look();
  await stack.admin('POST', '/login/unlatch');
  await deliver(stack, renewed(canary('unclaimedId'), 'externalActivationCode'), { service: 'DeviceProfileService' });
  await deliver(stack, renewed('of-another-tool', 'activationCode'), { service: 'DeviceProfileService' });
  await deliver(stack, quarantined('of-somebody-else'));
  for (const { body } of unreadable()) await deliver(stack, body);
  for (const body of usage()) await deliver(stack, body, { service: 'DeviceUsage' });
  stack.carrier.answerNext(/actions.activate$/, quoting.business());
  const { data } = await stack.ask('owner', ACTIVATE, { input: activation() });
  stack.evidence.note('refusals', 'a mutation', JSON.stringify(data));
  await stack.ask('owner', ACTIVATE, { input: slimActivation('89148007301946287001', { primaryPlaceOfUse: canary('wrongScalar') }) });
  await stack.admin('POST', '/callbacks/register');
  for (const who of ['owner', 'reader'] as const) await stack.ask(who, everything(who));
  await stack.look();
  await stack.end('SIGKILL');
}

test('with nothing planted a short trip brings nothing to light', async () => {
  await using stack = await startGuardedStack({ plain: true });
  await shortTrip(stack);
  expect(stack.evidence.leaks()).toEqual([]);
});

test('leaks that are planted in the log, the metrics, errors, answers, spans and the store are found', async () => {
  await using tree = await plantedTree(LEAKS);
  await using stack = await startGuardedStack({ plain: true, folder: tree.path });
  await shortTrip(stack);
  const found = stack.evidence.leaks().map((leak) => leak.slice(0, leak.indexOf(':')));
  for (const { name, shows } of LEAKS) expect(found, name).toEqual(expect.arrayContaining([...shows]));
});
