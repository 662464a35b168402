import { expect, test } from 'vitest';
import { startGuardedStack } from './support/guarded-stack.ts';
import { bodies, cursors, misfits, operations, sockets, strangers } from './support/refusals.ts';

test('nothing that is refused, over HTTP, WebSocket, the callback door or the admin listener, comes to light', async () => {
  await using stack = await startGuardedStack();
  expect(await strangers(stack)).toEqual([401, 401, 401, 401, 401, 403, 421, 400, 404, 400, 404, 400]);
  expect(await bodies(stack)).toEqual([400, 400, 400, 413, 415, 405, 200, 200, 413, 415]);
  await operations(stack);
  await misfits(stack);
  await sockets(stack);
  await cursors(stack);
  await stack.look();
  expect(await stack.end('SIGTERM')).toBe(0);
  expect(stack.evidence.leaks()).toEqual([]);
  expect(stack.evidence.missing('refusals')).toEqual([]);
});
