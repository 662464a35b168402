import { readdirSync } from 'node:fs';
import type { CallbackService } from '../../src/datasources/thingspace/wire/callback-service.ts';
import type { CallbackMessage } from '../../src/datasources/thingspace/wire/callback.ts';
import { fixture } from './fixture.ts';

export interface Identifier {
  readonly id: string;
  readonly kind: string;
}

/** A callback as a page has it, as it was seen in the field, or made after its pattern. */
export interface DocumentedCallback {
  readonly service: CallbackService;
  readonly case: string;
  readonly source: 'doc' | 'field' | 'constructed';
  /** What it says beside its request id and its identifiers. */
  readonly says: Partial<CallbackMessage>;
  /** In camelCase, or with the older names of the mixed form. */
  readonly body: {
    readonly requestId?: string;
    readonly RequestId?: string;
    readonly deviceIds?: readonly Identifier[];
    readonly status?: string;
    readonly Status?: string;
    readonly callbackCount?: number;
    readonly CallbackCount?: number;
    readonly faultResponse?: { readonly faultcode: string; readonly faultstring: string };
  };
}

/** The envelope of a message, whichever names it has. */
export function envelopeOf({ requestId, RequestId, status, Status, callbackCount, CallbackCount }: DocumentedCallback['body']) {
  return { requestId: requestId ?? RequestId, status: status ?? Status, callbackCount: callbackCount ?? CallbackCount };
}

/** Every identifier anywhere in a body, in the order it is written. */
export function identifiersWithin(body: unknown): Identifier[] {
  const found: Identifier[] = [];
  JSON.stringify(body, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if ('id' in value && 'kind' in value) found.push({ id: String(value.id), kind: String(value.kind) });
    if ('Identifier' in value && 'Kind' in value) found.push({ id: String(value.Identifier), kind: String(value.Kind) });
    return value;
  });
  return found;
}

/** The callbacks of our operations, and those of others that may come to the same URLs. */
export const DOCUMENTED_CALLBACKS: readonly DocumentedCallback[] = [
  ...readdirSync(new URL('../fixtures/operations/', import.meta.url)).flatMap(
    (file) => (JSON.parse(fixture(`operations/${file}`)) as { readonly callbacks: readonly DocumentedCallback[] }).callbacks,
  ),
  ...fixture('pages/other-callbacks.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DocumentedCallback),
];

export function documentedCallback(service: CallbackService, name: string): DocumentedCallback {
  const found = DOCUMENTED_CALLBACKS.find((each) => each.service === service && each.case === name);
  if (!found) throw new Error(`no such callback: ${service} ${name}`);
  return found;
}
