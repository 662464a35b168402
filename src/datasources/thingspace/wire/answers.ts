import * as z from 'zod';
import { lenientText } from './carrier-values.ts';

/** Every asynchronous operation answers `{"requestId": "…"}`. Anything else is no usable answer. */
export const requestAnswer = z.object({ requestId: z.string().regex(/^[A-Za-z0-9-]{3,64}$/) });

/** A text that may stand in a header. */
const token = z.string().regex(/^[\x21-\x7e]{1,8192}$/);

export const tokenAnswer = z.object({
  access_token: token,
  /** Seconds. It counts down while the carrier gives the same token again. */
  expires_in: z.coerce.number().positive().catch(3600),
});

export const sessionAnswer = z.object({ sessionToken: token });

const registration = z
  .object({ serviceName: z.string(), url: z.string().catch(''), username: z.string().nullish(), password: z.string().nullish() })
  .transform(({ serviceName, url }) => ({ serviceName, url }));

/** GET /callbacks/{account}: an array, or an empty body when nothing is registered, as documented. Passwords are dropped here. */
export const registrationsAnswer = z.union([z.array(registration), z.undefined().transform(() => []), z.null().transform(() => [])]);

export type CarrierRequestStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED';

/** The SDK's words are `Pending`, `Success` and `Failure`. Callbacks of the same requests write `SUCCESS` and `Failed`. */
const STATUS_BY_WORD = new Map<string, CarrierRequestStatus>([
  ['pending', 'PENDING'],
  ['success', 'SUCCEEDED'],
  ['succeeded', 'SUCCEEDED'],
  ['successful', 'SUCCEEDED'],
  ['failure', 'FAILED'],
  ['failed', 'FAILED'],
  ['fail', 'FAILED'],
]);

/**
 * `GET accounts/{account}/requests/{id}/status`: `{requestId, status}` (page "Get Request Status"), also inside an array of one.
 * `status` is null for an unknown word, which proves nothing.
 */
export const requestStatusAnswer = z.preprocess(
  (value) => (Array.isArray(value) ? value[0] : value),
  z
    .object({ requestId: lenientText, status: lenientText })
    .transform(({ requestId, status }) => ({ requestId, status: STATUS_BY_WORD.get(status?.toLowerCase() ?? '') ?? null })),
);

export interface CarrierError {
  readonly code: string;
  readonly message: string;
}

const word = z.union([z.string(), z.number().transform(String)]);
/** Text that does not look like a code is replaced: codes are shown and logged, and any other text must not get there. */
const code = word.refine((value) => value !== '').transform((value) => (/^[\w.:-]{1,200}$/.test(value) ? value : 'UNREADABLE_CODE'));
const business = z.object({ errorCode: code, errorMessage: word.catch('') });
const fault = z.object({ fault: z.object({ code, message: word.catch(''), description: word.catch('') }) });
const oauth = z.object({ error: code, error_description: z.string().catch('') });

/**
 * The carrier's error envelopes: `{errorCode, errorMessage}` of the API (a name, or for profile operations a 3-digit
 * number), `{fault: {code, message}}` of the WSO2 gateway before it (also as XML), `{error, error_description}` of OAuth.
 */
export function parseCarrierError(body: unknown, text: string): CarrierError | null {
  const plain = business.safeParse(body);
  if (plain.success) return { code: plain.data.errorCode, message: plain.data.errorMessage };
  const gateway = fault.safeParse(body);
  if (gateway.success) return { code: gateway.data.fault.code, message: gateway.data.fault.message || gateway.data.fault.description };
  const token = oauth.safeParse(body);
  if (token.success) return { code: token.data.error, message: token.data.error_description };
  const code = /<(?:\w+:)?code>([\w.:-]{1,100})</.exec(text)?.[1];
  if (code === undefined) return null;
  return { code, message: /<(?:\w+:)?message>([^<]{1,500})</.exec(text)?.[1] ?? '' };
}

/** Compares error codes without the service in front, because one error may come with different services. */
export function hasCode(error: CarrierError | null, ...endings: readonly string[]): boolean {
  return error !== null && endings.some((ending) => error.code === ending || error.code.endsWith(`.${ending}`));
}
