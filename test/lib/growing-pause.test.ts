import { expect, test } from 'vitest';
import { GrowingPause } from '../../src/lib/growing-pause.ts';

test('each pause is twice the one before, up to the longest; after a reset it begins again', () => {
  const pause = new GrowingPause({ firstMs: 100, maxMs: 700 });
  expect([pause.next(), pause.next(), pause.next(), pause.next(), pause.next()]).toEqual([100, 200, 400, 700, 700]);
  pause.reset();
  expect([pause.next(), pause.next()]).toEqual([100, 200]);
});
