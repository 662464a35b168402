import { request } from 'undici';
import type { CallbackService } from '../../src/datasources/thingspace/wire/callback-service.ts';
import type { Stack } from './stack.ts';

/** POSTs a body to the gateway's callback door as the carrier would; the HTTP status of the answer. */
export async function postCallback(
  { gateway, account }: Pick<Stack, 'gateway' | 'account'>,
  service: CallbackService,
  body: unknown,
  contentType = 'application/json',
): Promise<number> {
  const answer = await request(`${gateway.urls.callbacks}${gateway.callbackPath(account, service)}`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
  await answer.body.dump();
  return answer.statusCode;
}
