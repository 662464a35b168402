import { setTimeout as delay } from 'node:timers/promises';
import type { Simulator } from '../../../simulator/simulator.ts';
import type { ConnectionFault } from '../../support/tcp-fault-proxy.ts';
import type { FakeClock } from '../../support/libfaketime.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { CarrierFault } from './campaign-options.ts';

/** The carrier's endpoints of the operations that the campaign asks for. */
export const OPERATION_ENDPOINTS = ['activate', 'renewActivationCode', 'profileResume'] as const;

/** The endpoints of the tokens fail now and then, too. */
const ENDPOINTS = [...OPERATION_ENDPOINTS, 'token', 'login'] as const;

/** Values of Retry-After: seconds, a date, and values that are neither. After these the gateway waits for its own default. */
const RETRY_AFTER = ['1', '0', '2', 'date', '-5', 'soon', ''] as const;

/** Makes these endpoints of the carrier fail in one of these ways after the other, until `signal` aborts. */
export async function disturbCarrier(
  simulator: Simulator,
  ways: readonly CarrierFault[],
  random: SeededRandom,
  signal: AbortSignal,
  endpoints: readonly string[] = ENDPOINTS,
): Promise<void> {
  while (!signal.aborted && ways.length > 0) {
    disturb(simulator, ways[random.between(0, ways.length - 1)], random, endpoints);
    await delay(random.between(100, 600), undefined, { signal }).catch(() => undefined);
  }
}

function disturb({ faults }: Simulator, way: CarrierFault | undefined, random: SeededRandom, endpoints: readonly string[]): void {
  const action = random.pick(OPERATION_ENDPOINTS);
  const drawn = endpoints[random.between(0, endpoints.length - 1)];
  const endpoint = drawn === 'token' || drawn === 'login' ? drawn : action;
  const performed = random.between(0, 1) === 1;
  switch (way) {
    case 'slow':
      return faults.latency(endpoint, random.between(20, 400), 2);
    case 'unread':
      return faults.drop(endpoint, 'before-reading');
    case 'cut':
      return faults.drop(action, random.pick(['before-answer', 'mid-body']), { performed });
    case 'limiting':
      return faults.status(action, 429, { ...retryAfter(random), performed: false });
    case 'failing':
      return faults.status(endpoint, random.pick([500, 502, 503, 504]), { performed: endpoint === action && performed });
    case 'garbled':
      return faults.body(action, random.pick(['empty', 'empty-object', 'html', 'numeric-request-id', 'truncated-json']), { performed });
    case 'bearer':
      return faults.expireBearer();
    default:
      return faults.expireSessions();
  }
}

function retryAfter(random: SeededRandom): { readonly retryAfter?: string } {
  const value = random.pick(RETRY_AFTER);
  if (value === '') return {};
  return { retryAfter: value === 'date' ? new Date(Date.now() + 1_000).toUTCString() : value };
}

/** The fate of a connection through the failing network: about one in three is cut, frozen or slow. */
export function connectionFault(random: SeededRandom): ConnectionFault {
  switch (random.between(1, 10)) {
    case 1:
      return { afterBytes: random.between(1, 400), how: 'reset' };
    case 2:
      return { afterBytes: random.between(1, 2_000), how: 'close' };
    case 3:
      return { afterBytes: random.between(1, 4_000), how: 'freeze' };
    case 4:
      return { latencyMs: random.between(1, 60) };
    default:
      return {};
  }
}

/** The farthest that the wall clock goes from the true time, in seconds. It is less than the time after which a device is overdue. */
export const FARTHEST_S = 15 * 60;

/** Sets the wall clock forward and back, by seconds and by minutes, until `signal` aborts. */
export async function disturbClock(clock: FakeClock, random: SeededRandom, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const far = random.pick([2, 30, FARTHEST_S]);
    clock.set(random.between(-far, far));
    await delay(random.between(500, 3_000), undefined, { signal }).catch(() => undefined);
  }
}
