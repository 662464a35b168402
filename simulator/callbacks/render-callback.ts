import type { CallbackMessage, CallbackValue, SpelledIdentifier } from './callback-message.ts';

/** The carrier sends a message at most that many times. The number is in every sample. */
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
  if (message.format === 'json') {
    return asJson({ ...credentials, requestId: message.requestId, ...message.content, callbackCount, maxCallbackThreshold });
  }
  const tree = legacyTree(message, credentials);
  if (message.format === 'legacy-json') {
    return asJson({ CallbackRequest: { ...tree, CallbackCount: callbackCount, MaxCallbackThreshold: maxCallbackThreshold } });
  }
  const counts = { CallbackCount: String(callbackCount), MaxCallbackThreshold: String(maxCallbackThreshold) };
  const xml = element('CallbackRequest', { ...tree, ...counts });
  return { body: `<?xml version="1.0" encoding="utf-8"?>\n${xml}`, contentType: 'text/xml; charset=utf-8' };
}

const asJson = (json: object): RenderedCallback => ({ body: JSON.stringify(json), contentType: 'application/json' });

type Tree = string | readonly Tree[] | { readonly [name: string]: Tree };

/**
 * The older `CallbackRequest` without its two counts (the first callback table of the activate page): names in PascalCase,
 * `Device` repeated for each identifier, the result under Data/CarrierService. Where a fault goes is inferred: beside Data,
 * as `FaultResponse` with `FaultCode` and `FaultString`.
 */
function legacyTree({ content, requestId, legacyPath = [] }: CallbackMessage, credentials: EchoedCredentials) {
  const [result] = Object.values(content.deviceResponse ?? {});
  return {
    Username: credentials?.username ?? '',
    Password: credentials?.password ?? '',
    RequestId: requestId,
    Device: (content.deviceIds ?? []).map(legacyIdentifier),
    ...(result !== undefined && {
      Data: { CarrierService: legacyPath.reduceRight<Tree>((inner, name) => ({ [name]: inner }), legacyValue(result)) },
    }),
    ...(content.faultResponse && {
      FaultResponse: { FaultCode: content.faultResponse.faultcode, FaultString: content.faultResponse.faultstring },
    }),
    Status: content.status,
  };
}

const legacyIdentifier = ({ kind, id }: SpelledIdentifier): Tree => ({ Kind: kind, Identifier: id });

/** A result in PascalCase, everything as text; a list without items is an empty element. */
function legacyValue(value: CallbackValue): Tree {
  if (isList(value)) return value.length === 0 ? '' : value.map(legacyValue);
  if (typeof value !== 'object') return String(value);
  if (isIdentifier(value)) return legacyIdentifier(value);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [legacyName(name), legacyValue(each)]));
}

const legacyName = (name: string): string =>
  name === 'deviceIds' ? 'DeviceIdentifierCollection' : name.charAt(0).toUpperCase() + name.slice(1);

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

const isIdentifier = (value: { readonly [name: string]: CallbackValue }): value is SpelledIdentifier => 'kind' in value && 'id' in value;

/** An element; a list is the element repeated. */
function element(name: string, value: Tree): string {
  if (isList(value)) return value.map((each) => element(name, each)).join('');
  if (typeof value === 'string') return value === '' ? `<${name} />` : `<${name}>${escapeXml(value)}</${name}>`;
  const inner = Object.entries(value).map(([child, content]) => element(child, content));
  return `<${name}>${inner.join('')}</${name}>`;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeXml = (text: string) => text.replaceAll(/[&<>"]/g, (character) => escapes[character] ?? character);
