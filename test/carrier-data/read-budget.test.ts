import { expect, test } from 'vitest';
import { ReadBudget, type CarrierQuestion } from '../../src/resolvers/carrier/read-budget.ts';

/** A budget on a clock of its own, and a carrier that answers when the test lets it. */
function open(callsPerMinute = 100) {
  const clock = { now: 0 };
  const sleep = (ms: number) => {
    clock.now += ms;
    return Promise.resolve();
  };
  const budget = new ReadBudget({ callsPerMinute, now: () => clock.now, sleep });
  const asked: PromiseWithResolvers<string>[] = [];
  const question = (more: Partial<CarrierQuestion<string>> = {}): CarrierQuestion<string> => ({
    caller: 'one',
    account: 'a',
    about: ['plans'],
    keptMs: 1_000,
    ask: () => {
      const answer = Promise.withResolvers<string>();
      asked.push(answer);
      return answer.promise;
    },
    ...more,
  });
  return { clock, budget, asked, ask: (more?: Partial<CarrierQuestion<string>>) => budget.ask(question(more)) };
}

const LIMITED = { code: 'RATE_LIMITED' };
/** Whatever is under way has come as far as it can without an answer. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a question under way is asked once, whoever asks it, and takes one call', async () => {
  const { ask, asked } = open(4);
  const answers = [ask(), ask(), ask({ caller: 'two' }), ask(), ask({ caller: 'three' })];
  await settle();
  answers.push(ask({ caller: 'two' }));
  asked[0]?.resolve('plans');
  expect(await Promise.all(answers)).toEqual(answers.map(() => 'plans'));
  expect(asked).toHaveLength(1);
  // Three are left of four.
  for (const caller of ['two', 'three', 'four']) void ask({ caller, about: [caller] });
  await settle();
  expect(asked).toHaveLength(4);
});

test('an answer is given again until its time is over', async () => {
  const { ask, asked, clock } = open();
  const first = ask();
  await settle();
  asked[0]?.resolve('old');
  expect(await first).toBe('old');
  clock.now = 999;
  expect(await ask({ caller: 'two' })).toBe('old');
  clock.now = 1_000;
  const later = ask();
  await settle();
  asked[1]?.resolve('new');
  expect(await later).toBe('new');
});

test('accounts and questions are kept apart', async () => {
  const { ask, asked } = open();
  void ask();
  void ask({ account: 'b' });
  void ask({ about: ['account'] });
  void ask({ account: 'a,plans', about: [] });
  await settle();
  expect(asked).toHaveLength(4);
});

test('a failure is told to all who wait for it, and is not kept', async () => {
  const { ask, asked } = open();
  const answers = [ask(), ask({ caller: 'two' })];
  await settle();
  asked[0]?.reject(new Error('down'));
  for (const answer of answers) await expect(answer).rejects.toThrow('down');
  void ask();
  await settle();
  expect(asked).toHaveLength(2);
});

test('a caller that has used its share is told when to come again; another one is not held up by it', async () => {
  const { ask, asked } = open(4);
  for (const about of ['1', '2']) void ask({ about: [about] });
  await settle();
  await expect(ask({ about: ['3'] })).rejects.toMatchObject({ ...LIMITED, details: { retryAfterMs: 60_000 } });
  void ask({ caller: 'two', about: ['3'] });
  await settle();
  expect(asked).toHaveLength(3);
});

test('who is limited does not take others who ask the same with it', async () => {
  const { ask, asked } = open(2);
  void ask({ about: ['1'] });
  await settle();
  const limited = ask({ about: ['2'] });
  const other = ask({ caller: 'two', about: ['2'] });
  await expect(limited).rejects.toMatchObject(LIMITED);
  await settle();
  asked[1]?.resolve('told');
  expect(await other).toBe('told');
});

test('what is kept and already under way needs no call', async () => {
  const { ask, asked, clock } = open(2);
  const first = ask({ keptMs: 100_000 });
  await settle();
  expect(await Promise.race([ask(), Promise.resolve('waits')])).toBe('waits');
  asked[0]?.resolve('kept');
  await first;
  clock.now = 1;
  expect(await ask()).toBe('kept');
});

test('a change forgets what is kept of its account, also what was asked before its end, and nothing of others', async () => {
  const { ask, asked, budget } = open();
  const before = [ask(), ask({ account: 'b' })];
  await settle();
  const change = Promise.withResolvers<void>();
  const changed = budget.change('one', 'a', () => change.promise);
  asked[1]?.resolve('b');
  change.reject(new Error('no answer'));
  await expect(changed).rejects.toThrow('no answer');
  asked[0]?.resolve('before the change');
  await Promise.all(before);
  expect(await ask({ account: 'b' })).toBe('b');
  const after = ask();
  await settle();
  asked[2]?.resolve('after it');
  expect(await after).toBe('after it');
});

test('a change takes a call, and does nothing without one', async () => {
  const { budget } = open(2);
  let done = 0;
  const change = () => {
    done += 1;
    return Promise.resolve();
  };
  await budget.change('one', 'a', change);
  await expect(budget.change('one', 'a', change)).rejects.toMatchObject(LIMITED);
  expect(done).toBe(1);
});

test('what is kept is bounded: the oldest answers go first', async () => {
  const { ask, asked } = open(1_000);
  const sizeOf = () => 9_000;
  for (const about of ['1', '2', '3']) {
    const answer = ask({ about: [about], sizeOf });
    await settle();
    asked.at(-1)?.resolve(about);
    await answer;
  }
  expect(await ask({ about: ['3'], sizeOf })).toBe('3');
  void ask({ about: ['1'], sizeOf });
  await settle();
  expect(asked).toHaveLength(4);
});
