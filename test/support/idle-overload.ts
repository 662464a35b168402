import { Overload } from '../../src/server/overload.ts';

/** An overload that never is. */
export function idleOverload(): Overload {
  return new Overload({ callbacks: Number.POSITIVE_INFINITY, lagMs: Number.POSITIVE_INFINITY });
}
