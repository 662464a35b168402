import type { Books } from './books.ts';
import { deviceOf } from './device-numbers.ts';
import type { Tally } from './tally.ts';

/** Another POST may follow only one that the carrier refused for its token, or to slow the gateway down. */
const MAY_COME_AGAIN = new Set([400, 401, 429]);

/** Compares the POSTs that reached the carrier with the intents. No intent is sent again once it may have had an effect. */
export function auditCarrier(books: Books, tally: Tally): void {
  for (const { body } of books.strayPosts) tally.add('phantom', `a POST for devices nobody asked for: ${body}`);
  for (const intent of books.intents) {
    const posts = books.postsOf(intent);
    const name = `intent ${intent.number}`;
    if (posts.some(({ devices }) => devices.length !== intent.devices || deviceOf(devices[0] ?? '') !== intent.firstDevice)) {
      tally.add('other', `${name} was sent with other devices than it has`);
    }
    const repeats = posts.slice(0, -1).filter((post) => post.requestId !== undefined || !MAY_COME_AGAIN.has(post.status ?? 0));
    if (repeats.length === 0) continue;
    const fates = posts.map(({ requestId, status }) => `${status ?? 'no answer'}${requestId === undefined ? '' : ', performed'}`);
    tally.add('double', `${name} was sent ${posts.length} times: ${fates.join('; ')}`, repeats.length);
  }
}
