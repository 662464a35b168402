import type { CallbackService } from '../datasources/thingspace/wire/callback-service.ts';
import type { CallbackGeneration } from '../resolvers/callbacks/callback-generation.ts';
import type { CallbackUrls } from '../resolvers/callbacks/callback-registrations.ts';
import { CALLBACK_PREFIX } from '../datasources/thingspace/wire/callback-service.ts';
import { makeCallbackPath } from '../resolvers/callbacks/callback-paths.ts';

/** A restored store may be older than the last rotations: URLs of so many later generations are recognised, though not taken. */
const RECOGNISED_AHEAD = 100;

/** The callback door's URLs below `publicUrl`. */
export function callbackUrls(parts: {
  readonly publicUrl: string;
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly generation: CallbackGeneration;
}): CallbackUrls {
  const { publicUrl, secret, previousSecret, generation } = parts;
  const url = (under: string, account: string, service: CallbackService, at: number) =>
    `${publicUrl}${makeCallbackPath(under, { account, service }, at)}`;
  return {
    urlFor: (account, service) => url(secret, account, service, generation.current),
    recognise(account, service, given) {
      for (let at = 0; at <= generation.current + RECOGNISED_AHEAD; at++) {
        const standing = generation.standingOf(at);
        if (given === url(secret, account, service, at)) return { generation: at, standing, previous: false };
        if (previousSecret !== null && given === url(previousSecret, account, service, at))
          return { generation: at, standing, previous: true };
      }
      // It is delivered here, under a secret that is not known any more: nobody loses it but us.
      return given.startsWith(`${publicUrl}${CALLBACK_PREFIX}`) ? { generation: 0, standing: 'LAPSED', previous: true } : null;
    },
  };
}
