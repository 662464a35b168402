import { callbackBody } from './callback-body.ts';
import type { Load } from './load-plan.ts';

export interface CallbackMessage {
  readonly device: number;
  /** The whole HTTP request. */
  readonly bytes: Buffer;
}

/** One callback for every device of the requests, devices of all requests in turn, as a carrier works through several at once. */
export function callbackMessages({ url, requests }: Pick<Load, 'url' | 'requests'>): CallbackMessage[] {
  const { host, pathname } = new URL(url);
  const messages: CallbackMessage[] = [];
  const most = Math.max(...requests.map(({ devices }) => devices));
  for (let place = 0; place < most; place++) {
    for (const { carrierRequestId, firstDevice, devices } of requests) {
      if (place >= devices) continue;
      const body = callbackBody(carrierRequestId, firstDevice + place);
      const head = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
      messages.push({ device: firstDevice + place, bytes: Buffer.from(head + body) });
    }
  }
  return messages;
}
