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
  readonly body: {
    readonly requestId: string;
    readonly deviceIds?: readonly Identifier[];
    readonly status: string;
    readonly callbackCount: number;
    readonly maxCallbackThreshold: number;
    readonly faultResponse?: { readonly faultcode: string; readonly faultstring: string };
  };
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
