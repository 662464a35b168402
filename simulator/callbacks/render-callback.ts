import { pascalCase, pascalName } from '../unkind/pascal-case.ts';
import type { UnkindnessName } from '../unkind/unkindnesses.ts';
import type { CallbackMessage, CallbackValue, SpelledIdentifier } from './callback-message.ts';
import type { FaultResponse } from './fault-response.ts';

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
  const { content, requestId, unkind } = message;
  if (message.isMixed) return asJson(mixedTree(message, credentials, callbackCount));
  const form = message.legacyPath && legacyForms.find(([name]) => unkind.has(name));
  if (form === undefined) {
    const json = { ...credentials, requestId, ...content, callbackCount, maxCallbackThreshold };
    if (unkind.has('pascal-case')) return asJson(pascalCase(json));
    return asJson(unkind.has('fault-pascal-case') ? withPascalFault(json) : json);
  }
  const [, isXml, isInData] = form;
  const tree = legacyTree(message, credentials, isInData);
  if (!isXml) {
    return asJson({ CallbackRequest: { ...tree, CallbackCount: callbackCount, MaxCallbackThreshold: maxCallbackThreshold } });
  }
  const counts = { CallbackCount: String(callbackCount), MaxCallbackThreshold: String(maxCallbackThreshold) };
  const xml = element('CallbackRequest', { ...tree, ...counts });
  return { body: `<?xml version="1.0" encoding="utf-8"?>\n${xml}`, contentType: 'text/xml; charset=utf-8' };
}

const legacyForms: readonly (readonly [UnkindnessName, isXml: boolean, isInData: boolean])[] = [
  ['legacy-json', false, false],
  ['legacy-json-in-data', false, true],
  ['legacy-xml', true, false],
  ['legacy-xml-in-data', true, true],
];

function withPascalFault({ faultResponse, ...rest }: { readonly faultResponse?: FaultResponse }): object {
  return { ...rest, ...(faultResponse && { FaultResponse: pascalCase(faultResponse) }) };
}

const asJson = (json: unknown): RenderedCallback => ({ body: JSON.stringify(json), contentType: 'application/json' });

/**
 * The message of the page "Set fallback attribute": username and password in small letters, the rest in PascalCase, and `Device` as a
 * list. The end of the sample is not known: the status, the fault and the two counts are inferred.
 */
function mixedTree({ content, requestId }: CallbackMessage, credentials: EchoedCredentials, callbackCount: number) {
  const { deviceIds = [], faultResponse, comment, status } = content;
  return {
    ...credentials,
    RequestId: requestId,
    Device: deviceIds.map(legacyIdentifier),
    ...(faultResponse && { FaultResponse: pascalCase(faultResponse) }),
    ...(comment !== undefined && { Comment: comment }),
    Status: status,
    CallbackCount: callbackCount,
    MaxCallbackThreshold: maxCallbackThreshold,
  };
}

type Tree = string | readonly Tree[] | { readonly [name: string]: Tree };

/**
 * The older `CallbackRequest` without its two counts (the first callback table of the activate page): names in PascalCase,
 * `Device` repeated for each identifier, the result under Data/CarrierService. The page's table does not show whether `Status` is
 * inside Data. Where a fault goes is inferred: beside it, as `FaultResponse` with `FaultCode` and `FaultString`.
 */
function legacyTree({ content, requestId, legacyPath = [] }: CallbackMessage, credentials: EchoedCredentials, isInData: boolean) {
  const result = content.deviceResponse && (Object.values(content.deviceResponse)[0] ?? {});
  const data: Tree = {
    ...(result !== undefined && {
      CarrierService: legacyPath.reduceRight<Tree>((inner, name) => ({ [name]: inner }), legacyValue(result)),
    }),
  };
  const told: Tree = {
    ...(content.faultResponse && {
      FaultResponse: { FaultCode: content.faultResponse.faultcode, FaultString: content.faultResponse.faultstring },
    }),
    ...(content.comment !== undefined && { Comment: content.comment }),
    ...(content.status !== undefined && { Status: content.status }),
  };
  return {
    Username: credentials?.username ?? '',
    Password: credentials?.password ?? '',
    RequestId: requestId,
    Device: (content.deviceIds ?? []).map(legacyIdentifier),
    ...(isInData ? { Data: { ...data, ...told } } : { ...(result !== undefined && { Data: data }), ...told }),
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

const legacyName = (name: string): string => (name === 'deviceIds' ? 'DeviceIdentifierCollection' : pascalName(name));

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
