import * as z from 'zod';
import { CALLBACK_SERVICES } from './callback-service.ts';
import { fieldsOf, isFields, lenientText, type Fields } from './carrier-values.ts';
import { onlyEntry } from './foreign-bytes.ts';
import { cleanRequestId } from './carrier-request-id.ts';

/** Every asynchronous operation answers `{"requestId": "…"}`. Anything else is no usable answer. */
export const requestAnswer = fieldsOf({
  requestId: z
    .string()
    .trim()
    .transform(cleanRequestId)
    .pipe(z.string().regex(/^[A-Za-z0-9-]{3,64}$/)),
});

/** A text that may stand in a header. */
const token = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,8192}$/);

export const tokenAnswer = fieldsOf({
  access_token: token,
  /** Seconds. It counts down while the carrier gives the same token again. */
  expires_in: z.coerce.number().positive().catch(3600),
});

export const sessionAnswer = fieldsOf({ sessionToken: token });

const SERVICE_BY_SPELLING = new Map<string, string>(CALLBACK_SERVICES.map((service) => [service.toLowerCase(), service]));

/** Passwords are dropped here. */
const registration = fieldsOf({ serviceName: lenientText, name: lenientText, url: lenientText }).transform(
  ({ serviceName, name, url }, context) => {
    const said = serviceName ?? name;
    // An entry that cannot be read may be another tool's, and a new registration would replace it.
    if (said === null) context.addIssue({ code: 'custom', message: 'no service' });
    return { serviceName: SERVICE_BY_SPELLING.get(said?.toLowerCase() ?? '') ?? said ?? '', url: url ?? '' };
  },
);

/** `GET /callbacks/{account}`: a list; also a list inside an object, or one registration alone. */
export const registrationsAnswer = z.preprocess((given) => {
  if (given === null) return [];
  const value = onlyEntry(given);
  if (Array.isArray(value)) return value;
  const inner = isFields(value) ? Object.values(value) : [];
  const [only] = inner;
  if (inner.length === 1 && (Array.isArray(only) || isFields(only))) return Array.isArray(only) ? only : [only];
  return [value];
}, z.array(registration));

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
 * `GET accounts/{account}/requests/{id}/status`: `{requestId, status}` (page "Get Request Status"). `status` is null for an unknown
 * word, which proves nothing.
 */
export const requestStatusAnswer = fieldsOf({ requestId: lenientText, status: lenientText }).transform(({ requestId, status }) => ({
  requestId: requestId === null ? null : cleanRequestId(requestId),
  status: STATUS_BY_WORD.get(status?.toLowerCase() ?? '') ?? null,
}));

export interface CarrierError {
  readonly code: string;
  readonly message: string;
  /** Who said it: the carrier's API, the WSO2 gateway before it, or OAuth. */
  readonly by: 'API' | 'GATEWAY' | 'OAUTH';
}

const WORD = z.union([z.string(), z.number().transform(String)]).catch('');
/** Text that does not look like a code is replaced: codes are shown and logged, and any other text must not get there. */
const CODE = WORD.transform((value) => value.trim()).transform((value) =>
  value === '' || /^[\w.:-]{1,200}$/.test(value) ? value : 'UNREADABLE_CODE',
);

const ENVELOPE = fieldsOf({
  errorCode: CODE,
  errorMessage: WORD,
  error_description: WORD,
  error: z.unknown().optional(),
  errors: z.unknown().optional(),
  fault: z.unknown().optional(),
});
const INNER = fieldsOf({
  errorCode: CODE,
  code: CODE,
  faultcode: CODE,
  errorMessage: WORD,
  message: WORD,
  faultstring: WORD,
  description: WORD,
});

/** What OAuth itself calls an error (RFC 6749, 5.2). A web server's `"error": "Not Found"` is none. */
const OAUTH_CODE = /^[a-z]+(?:_[a-z]+)*$/;

/**
 * The carrier's error envelopes: `{errorCode, errorMessage}` of the API (a name, or for profile operations a 3-digit
 * number), `{fault: {code, message}}` of the WSO2 gateway before it (also as XML), `{error, error_description}` of OAuth. Each is
 * read by name in any letter case, also from a list, or from `errors` or `error` around it. Of several errors the first counts.
 */
export function parseCarrierError(body: unknown, text: string): CarrierError | null {
  const list: readonly unknown[] = Array.isArray(body) ? body : [body];
  for (const each of list) {
    const error = isFields(each) ? readEnvelope(each) : null;
    if (error) return error;
  }
  return readXmlFault(text);
}

function readEnvelope(body: Fields): CarrierError | null {
  const said = ENVELOPE.safeParse(body);
  if (!said.success) return null;
  const { errorCode, errorMessage, error_description: described, error, errors, fault } = said.data;
  if (errorCode !== '') return { code: errorCode, message: errorMessage, by: 'API' };
  const byGateway = readInner(fault);
  if (byGateway) return { ...byGateway, by: 'GATEWAY' };
  const nested = readInner(errors) ?? readInner(error);
  if (nested) return { ...nested, by: 'API' };
  return typeof error === 'string' && OAUTH_CODE.test(error.trim()) ? { code: error.trim(), message: described, by: 'OAUTH' } : null;
}

function readInner(value: unknown): Omit<CarrierError, 'by'> | null {
  const first: unknown = Array.isArray(value) ? value.find(isFields) : value;
  const inner = isFields(first) ? INNER.safeParse(first) : null;
  if (!inner?.success) return null;
  const { errorCode, code, faultcode, errorMessage, message, faultstring, description } = inner.data;
  const found = errorCode || code || faultcode;
  return found === '' ? null : { code: found, message: errorMessage || message || faultstring || description };
}

/** A web page may show a `<code>` too. */
function readXmlFault(text: string): CarrierError | null {
  if (/<(?:!doctype\s+)?html/i.test(text)) return null;
  const [, name, code] = /<(?:\w+:)?(code|errorCode|faultcode)>\s*([\w.:-]{1,100})\s*</i.exec(text) ?? [];
  if (name === undefined || code === undefined) return null;
  const message = /<(?:\w+:)?(?:message|errorMessage|faultstring)>([^<]{1,500})</i.exec(text)?.[1] ?? '';
  return { code, message, by: name.toLowerCase() === 'code' ? 'GATEWAY' : 'API' };
}

/** Compares error codes without the service in front, because one error may come with different services. */
export function hasCode(error: CarrierError | null, ...endings: readonly string[]): boolean {
  const code = error?.code.toLowerCase();
  return code !== undefined && endings.some((ending) => code === ending.toLowerCase() || code.endsWith(`.${ending.toLowerCase()}`));
}
