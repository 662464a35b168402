import type { CallbackMessage } from './callback-message.ts';
import { renderLegacyJson, renderLegacyXml } from './render-legacy-callback.ts';

/** The carrier sends a message at most so many times; the number is in every sample. */
export const maxCallbackThreshold = 4;

/** Username and password of the registration, echoed in the body; null leaves both out. */
export type EchoedCredentials = { readonly username: string; readonly password: string } | null;

/** A callback as it goes over the wire. */
export interface RenderedCallback {
  readonly body: string;
  readonly contentType: string;
}

/** Writes a message for the n-th time (`callbackCount` = n, from 1). */
export function renderCallback(message: CallbackMessage, credentials: EchoedCredentials, callbackCount: number): RenderedCallback {
  if (message.format === 'legacy-xml') {
    return { body: renderLegacyXml(message, credentials, callbackCount), contentType: 'text/xml; charset=utf-8' };
  }
  const json =
    message.format === 'legacy-json'
      ? renderLegacyJson(message, credentials, callbackCount)
      : {
          ...credentials,
          requestId: message.requestId,
          ...message.content,
          callbackCount,
          maxCallbackThreshold,
        };
  return { body: JSON.stringify(json), contentType: 'application/json' };
}
