import type { CallbackService } from '../../src/datasources/thingspace/wire/callback-service.ts';
import { fixture } from './fixture.ts';

export interface Identifier {
  readonly id: string;
  readonly kind: string;
}

/** One line of the fixture: a callback as a page has it, as it was seen in the field, or made after its pattern. */
export interface DocumentedCallback {
  readonly service: CallbackService;
  readonly case: string;
  readonly source: 'doc' | 'field' | 'constructed';
  readonly body: {
    readonly requestId: string;
    readonly deviceIds?: readonly Identifier[];
    readonly status: string;
    readonly callbackCount: number;
    readonly maxCallbackThreshold: number;
    readonly faultResponse?: { readonly faultcode: string; readonly faultstring: string };
  };
}

export const DOCUMENTED_CALLBACKS: readonly DocumentedCallback[] = fixture('pages/callbacks.jsonl')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as DocumentedCallback);

export function documentedCallback(service: CallbackService, name: string): DocumentedCallback {
  const found = DOCUMENTED_CALLBACKS.find((each) => each.service === service && each.case === name);
  if (!found) throw new Error(`no such callback: ${service} ${name}`);
  return found;
}
