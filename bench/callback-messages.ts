import { callbackBody } from './callback-body.ts';
import type { Load } from './load-plan.ts';

export interface CallbackMessage {
  readonly device: number;
  /** The whole HTTP request. */
  readonly bytes: Buffer;
}

/** A prime number that no number of devices here has as a factor. */
const MIXING = 7_919;

/** One callback for every device of the requests, devices of all requests in turn, as a carrier works through several at once. */
export function callbackMessages({ url, requests, isMixed = false }: Pick<Load, 'url' | 'requests' | 'isMixed'>): CallbackMessage[] {
  const { host, pathname } = new URL(url);
  const messages: CallbackMessage[] = [];
  const most = Math.max(...requests.map(({ devices }) => devices));
  for (let place = 0; place < most; place++) {
    for (const { carrierRequestId, firstDevice, devices } of requests) {
      if (place >= devices) continue;
      // A step that has no factor in common with the number visits each device once, far from the one before.
      const device = firstDevice + (isMixed ? (place * MIXING) % devices : place);
      const body = callbackBody(carrierRequestId, device);
      const head = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
      messages.push({ device, bytes: Buffer.from(head + body) });
    }
  }
  return messages;
}
