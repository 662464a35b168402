import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { recordedLog } from '../support/recorded-log.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const MINUTE_MS = 60_000;
const LEFT_OUT = 'log_lines_left_out';

test('whatever makes lines at will, an event has 20 a minute, and one line at its end tells how many there were besides', () => {
  const log = recordedLog();
  const roll = (count: number) => {
    for (let at = 0; at < count; at++) log.logger.warn('websocket_stalled', { reason: `${at}` });
  };
  roll(10_400);
  expect(log.of('websocket_stalled')).toHaveLength(20);
  expect(log.of(LEFT_OUT)).toEqual([]);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(log.of(LEFT_OUT)).toMatchObject([{ level: 40, operation: 'websocket_stalled', count: 10_380 }]);
  roll(20);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(log.of('websocket_stalled')).toHaveLength(40);
  expect(log.of(LEFT_OUT)).toHaveLength(1);
});

test('an event that comes often takes no line from another', () => {
  const log = recordedLog();
  for (let at = 0; at < 1_000; at++) log.logger.error('audit_failed');
  log.logger.error('store_failed');
  expect(log.of('store_failed')).toHaveLength(1);
});

test('lines below the level count for nothing', () => {
  const log = recordedLog('warn');
  for (let at = 0; at < 1_000; at++) log.logger.info('graphql_refused');
  log.logger.warn('graphql_refused');
  vi.advanceTimersByTime(MINUTE_MS);
  expect(log.of('graphql_refused')).toHaveLength(1);
  expect(log.of(LEFT_OUT)).toEqual([]);
});
