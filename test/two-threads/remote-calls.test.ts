import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { ERROR_FORM } from '../../src/gateway/intake/error-form.ts';
import { RemoteCalls } from '../../src/lib/remote-calls.ts';

interface Remote {
  add(one: number, other: number): Promise<number>;
  fail(what: 'GATEWAY' | 'SYSTEM' | 'TEXT'): Promise<never>;
  wait(): Promise<void>;
  turns(count: number, turn: () => Promise<unknown>): Promise<number>;
  noted(text: string): void;
}

function connect() {
  const { port1, port2 } = new MessageChannel();
  const noted: string[] = [];
  const cause = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', syscall: 'listen', port: 80 });
  const failures = {
    GATEWAY: new GatewayError('STORE_FAILED', 'in words', { details: { reason: 'FULL' }, cause }),
    SYSTEM: cause,
    TEXT: 'a text',
  };
  const remote = {
    add: (one: number, other: number) => one + other,
    fail: (what: keyof typeof failures) => Promise.reject(failures[what] as Error),
    wait: () => new Promise(() => undefined),
    async turns(count: number, turn: () => Promise<unknown>) {
      let taken = 0;
      while (taken < count) {
        await turn();
        taken++;
      }
      return taken;
    },
    noted: (text: string) => void noted.push(text),
  };
  const served = new RemoteCalls(port2, ERROR_FORM, { remote });
  const calls = new RemoteCalls(port1, ERROR_FORM);
  return {
    calls,
    noted,
    remote: calls.object<Remote>('remote'),
    [Symbol.dispose]() {
      calls[Symbol.dispose]();
      served[Symbol.dispose]();
    },
  };
}

test('a method of the other side gives back a copy of its result', async () => {
  using connected = connect();
  expect(await Promise.all([connected.remote.add(1, 2), connected.remote.add(3, 4)])).toEqual([3, 7]);
});

test('an error of the gateway stays one, with its details and its cause', async () => {
  using connected = connect();
  const error: unknown = await connected.remote.fail('GATEWAY').catch((each: unknown) => each);
  expect(error).toBeInstanceOf(GatewayError);
  expect(error).toMatchObject({ code: 'STORE_FAILED', message: 'in words', details: { reason: 'FULL' } });
  expect((error as Error).cause).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', port: 80 });
  await expect(connected.remote.fail('SYSTEM')).rejects.toMatchObject({ code: 'EADDRINUSE', message: 'listen EADDRINUSE' });
  await expect(connected.remote.fail('TEXT')).rejects.toMatchObject({ message: 'a text' });
});

test('a function among the arguments is called back, and its failure ends the call', async () => {
  using connected = connect();
  let turns = 0;
  expect(await connected.remote.turns(3, () => Promise.resolve(++turns))).toBe(3);
  expect(turns).toBe(3);
  const gone = new TypeError('The client has gone.');
  // The very same error, of whatever class.
  await expect(connected.remote.turns(3, () => Promise.reject(gone))).rejects.toBe(gone);
});

test('what cannot be copied is refused, and later calls are answered', async () => {
  using connected = connect();
  await expect(connected.remote.add({ nested: () => undefined } as never, 2)).rejects.toThrow(/could not be cloned/);
  expect(await connected.remote.add(1, 2)).toBe(3);
});

test('a method that is not there is told by its name', async () => {
  using connected = connect();
  const other = connected.calls.object<{ missing(): Promise<void> }>('remote');
  await expect(other.missing()).rejects.toThrow('There is no remote.missing.');
});

test('what is told arrives in its order, between the calls', async () => {
  using connected = connect();
  for (const text of ['a', 'b']) connected.calls.tell('remote', 'noted', text);
  await connected.remote.add(1, 2);
  expect(connected.noted).toEqual(['a', 'b']);
});

test('when the other side has ended, calls that wait and later ones are refused with its error', async () => {
  using connected = connect();
  const waiting = connected.remote.wait();
  connected.calls.end(new GatewayError('STORE_FAILED', 'It has ended.'));
  await expect(waiting).rejects.toThrow('It has ended.');
  await expect(connected.remote.add(1, 2)).rejects.toThrow('It has ended.');
});
