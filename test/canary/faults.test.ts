import { expect, test } from 'vitest';
import { smallDisk, whyNoSmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';
import { canary } from './canaries.ts';
import { startGuardedStack, type GuardedStack } from './support/guarded-stack.ts';
import { activated } from './support/marked-callbacks.ts';
import { ACTIVATE, activation, everything } from './support/marked-inputs.ts';
import { quoting } from './support/quoting-answers.ts';

const noMount = whyNoSmallDisk();
if (noMount !== null) process.stderr.write(`A full disk is not searched for markers: ${noMount}.\n`);

const ACTION = /^POST .*\/devices\/actions\/activate$/;
const QUESTIONS = [/devices.actions.list$/];
/** Commands of the admin listener, each with the call that the carrier answers oddly. */
const COMMANDS = [
  ['/callbacks/register', /^GET .*callbacks/],
  ['/callbacks/rotate?force=true', /^POST .*callbacks/],
  ['/callbacks/remove', /^DELETE .*callbacks/],
] as const;
const ODD_ANSWERS = [
  quoting.business(),
  quoting.code(),
  quoting.gateway(),
  quoting.xml(),
  quoting.business(500),
  quoting.code(500),
  quoting.html(),
  quoting.garbage,
  quoting.noHttp,
  quoting.cut,
  // The gateway waits after it.
  quoting.html(429),
];

/** After the first ones, which concern one device each, the gateway asks about the others. After the last ones it stops asking for a while. */
const REFUSALS = [quoting.business(), quoting.code(), quoting.gateway(), quoting.xml(400), quoting.html(), quoting.noHttp];

/** Sends one more mutation, and notes its result as a refusal. */
async function mutateAgain(stack: GuardedStack, at: number): Promise<void> {
  const { idempotencyKey: _key, ...input } = activation([`891480073019462850${String(at).padStart(2, '0')}`]);
  const { data } = await stack.ask('owner', ACTIVATE, { input });
  stack.evidence.note('refusals', 'a mutation that the carrier refused', JSON.stringify(data ?? null));
}

test('a carrier that repeats all it was sent, in every kind of answer, brings nothing to light', async () => {
  const dead = `http://127.0.0.1:1/previous?key=${canary('deadListenerKey')}`;
  const env = { M2M_CALLBACK_FORWARD: `*=${dead}`, M2M_OVERDUE_AFTER_MS: '100', M2M_SUBMIT_WAIT_MS: '300' };
  await using stack = await startGuardedStack({ env });
  const { carrier, evidence } = stack;
  for (const [at, odd] of ODD_ANSWERS.entries()) {
    carrier.answerNext(ACTION, odd);
    await mutateAgain(stack, at);
  }
  // The gateway asks about silent devices again and again.
  for (const odd of REFUSALS) for (const fits of QUESTIONS) carrier.answerNext(fits, odd);
  await stack.admin('POST', '/callbacks/register');
  for (const odd of REFUSALS) {
    for (const [path, fits] of COMMANDS) {
      carrier.answerNext(fits, odd);
      await stack.admin('POST', path);
    }
  }
  await stack.callback(activated('for-a-listener-that-is-dead'));
  evidence.witness('gateway answered', stack.env['M2M_CALLBACK_FORWARD'] ?? '');
  await until(() => carrier.waiting.length === 0);
  for (const who of ['owner', 'reader'] as const) await stack.ask(who, everything(who));
  await stack.look();
  expect(await stack.end('SIGTERM')).toBe(0);
  // The credentials are refused: by OAuth, then by the login. Each refusal quotes them.
  for (const [fits, odd] of [
    [/oauth2.token$/, quoting.oauth],
    [/session.login$/, quoting.login],
  ] as const) {
    await stack.restart({ M2M_THINGSPACE_PASSWORD: canary('refusedPassword') });
    carrier.answerNext(fits, odd);
    await mutateAgain(stack, 30);
    await stack.admin('GET', '/callbacks');
    await stack.look();
    expect(await stack.end('SIGTERM')).toBe(0);
  }
  // A start that cannot register goes on, and says so without the carrier's words.
  carrier.answerNext(/^GET .*callbacks/, quoting.business());
  await stack.restart({ M2M_CALLBACK_REGISTER: 'on' });
  await until(() => carrier.waiting.length === 0);
  await stack.look();
  expect(await stack.end('SIGTERM')).toBe(0);
  expect(evidence.leaks()).toEqual([]);
  expect(evidence.missing('faults').filter((name) => !name.startsWith('fullDisk'))).toEqual([]);
});

test.skipIf(noMount !== null)('a disk that fills up while secrets are written brings nothing to light', async () => {
  await using disk = await smallDisk('1m');
  await using stack = await startGuardedStack({ storeFolder: disk.path });
  const { evidence } = stack;
  for (let at = 0, status: number | 'no answer' = 200; status === 200; at++)
    status = await stack.callback(activated(`on-a-full-disk-${at}`, { password: 'fullDiskPassword' }));
  await mutateAgain(stack, 40);
  await stack.admin('GET', '/health/ready');
  await stack.admin('POST', `/store/backup?path=${encodeURIComponent(`${disk.path}/backup.sqlite`)}`);
  disk.resize('8m');
  expect(await stack.callback(activated('once-there-is-room'))).toBe(200);
  await stack.look();
  expect(await stack.end('SIGTERM')).toBe(0);
  expect(evidence.leaks()).toEqual([]);
  expect(evidence.missing('faults').filter((name) => name.startsWith('fullDisk'))).toEqual([]);
});
