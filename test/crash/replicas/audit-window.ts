import type { ActionPost } from '../../../simulator/ledger.ts';
import type { Tally } from '../campaign/tally.ts';

/** What the carrier documents: so many activations in any 60 seconds. */
export const MOST_IN_WINDOW = 100;
const WINDOW_MS = 60_000;

/** The most activations that reached the carrier within any 60 seconds, by its clock. */
export function fullestWindow(posts: readonly ActionPost[]): number {
  const times = posts.filter(({ endpoint }) => endpoint === 'activate').map(({ at }) => at);
  times.sort((one, other) => one - other);
  let [most, first] = [0, 0];
  for (const [last, at] of times.entries()) {
    while (at - (times[first] ?? at) >= WINDOW_MS) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

export function auditWindow(posts: readonly ActionPost[], tally: Tally): number {
  const most = fullestWindow(posts);
  if (most > MOST_IN_WINDOW) tally.add('other', `${most} activations reached the carrier within 60 s`);
  return most;
}
