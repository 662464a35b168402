import type { ActionPost } from '../../../simulator/ledger.ts';
import type { Books } from './books.ts';
import { deviceOf } from './carrier-messages.ts';
import type { Tally } from './tally.ts';

/** Only a POST that the carrier has refused for its token, or to slow the gateway down, may be followed by another. */
const MAY_COME_AGAIN = new Set([400, 401, 429]);

/** Compares what reached the carrier with what callers wanted: no intent is sent again once it may have had an effect. */
export function auditCarrier(books: Books, tally: Tally): void {
  const byIntent = new Map<number, ActionPost[]>();
  for (const post of books.posts) {
    const intent = books.intentOf(deviceOf(post.devices[0] ?? ''));
    if (!intent) {
      tally.add('phantom', `a POST for devices nobody asked for: ${post.body}`);
      continue;
    }
    const sameDevices = intent.devices === post.devices.length && intent.firstDevice === deviceOf(post.devices[0] ?? '');
    if (!sameDevices) tally.add('other', `intent ${intent.number} was sent with other devices than it has`);
    byIntent.set(intent.number, [...(byIntent.get(intent.number) ?? []), post]);
  }
  for (const [number, posts] of byIntent) {
    const repeats = posts.slice(0, -1).filter((post) => post.requestId !== undefined || !MAY_COME_AGAIN.has(post.status ?? 0));
    if (repeats.length > 0) {
      const fates = posts.map(({ requestId, status }) => `${status ?? 'no answer'}${requestId === undefined ? '' : ', performed'}`);
      tally.add('double', `intent ${number} was sent ${posts.length} times: ${fates.join('; ')}`, repeats.length);
    }
  }
}
