import { expect, test } from 'vitest';
import { startGuardedStack } from './support/guarded-stack.ts';
import {
  askAsStranger,
  followBadCursor,
  openBadSockets,
  sendBadBodies,
  sendBadInputs,
  sendBadOperations,
  sendBadQuestions,
} from './support/refusals.ts';

test('nothing that is refused, over HTTP, WebSocket, the callback door or the admin listener, comes to light', async () => {
  await using stack = await startGuardedStack();
  expect(await askAsStranger(stack)).toEqual([401, 401, 401, 401, 401, 403, 421, 400, 404, 400, 404, 400]);
  expect(await sendBadBodies(stack)).toEqual([400, 400, 400, 413, 415, 405, 200, 200, 413, 200]);
  await sendBadOperations(stack);
  await sendBadInputs(stack);
  await sendBadQuestions(stack);
  await openBadSockets(stack);
  await followBadCursor(stack);
  await stack.look();
  expect(await stack.end('SIGTERM')).toBe(0);
  expect(stack.evidence.leaks()).toEqual([]);
  expect(stack.evidence.missing('refusals')).toEqual([]);
});
