import { join } from 'node:path';
import { ActivateDevicesDocument } from '../../../documents/gql/graphql.ts';
import type { TrustMode } from '../../../src/server/limits/trusted-documents.ts';
import { ask } from '../../authorization/support/ask.ts';
import { devices } from '../../support/devices.ts';
import { makeKey } from '../../support/make-key.ts';
import { startStack, type Stack } from '../../support/stack.ts';

export interface Trusting extends AsyncDisposable {
  readonly stack: Stack;
  readonly url: string;
  /** Of a key that may do everything. */
  readonly authorization: string;
  /** A request of three devices, which report at once. */
  readonly requestId: string;
}

export const TRUST_MODES = ['off', 'prefer', 'require'] as const satisfies readonly TrustMode[];

/** Everything codegen has made of `documents/`. */
export const PERSISTED_DOCUMENTS = join(import.meta.dirname, '../../../documents/gql/persisted-documents.json');

/** The gateway itself, with the documents of its own build. */
export async function openTrusting(mode: TrustMode, env: Readonly<Record<string, string>> = {}): Promise<Trusting> {
  await using undo = new AsyncDisposableStack();
  const trust = { M2M_TRUSTED_DOCUMENTS: mode, ...(mode !== 'off' && { M2M_TRUSTED_DOCUMENTS_FILES: PERSISTED_DOCUMENTS }) };
  const stack = undo.use(await startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent', ...trust, ...env } }));
  const { authorization } = await makeKey(stack.gateway, {
    scopes: { '*': ['read', 'write', 'terminate', 'admin'] },
    grants: ['deviceCredential', 'activationCode', 'introspection'],
  });
  const url = stack.gateway.urls.graphql;
  const variables = {
    input: { accountName: stack.account, target: { devices: devices(3) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' },
  };
  const how = mode === 'off' ? { query: ACTIVATE } : { documentId: documentId(ActivateDevicesDocument) };
  const { text } = await ask(url, authorization, JSON.stringify({ ...how, variables }));
  const [requestId] = /req_[0-9A-Z]{26}/.exec(text) ?? [];
  if (requestId === undefined) throw new Error(text);
  const built = undo.move();
  return { stack, url, authorization, requestId, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) {
  activateDevices(input: $input) { ... on ActivateDevicesAccepted { request { id } } } }`;

/** The id that codegen's client preset has put into a document; empty for one it did not make. */
export function documentId(document: object): string {
  return '__meta__' in document ? String((document.__meta__ as { readonly hash: string }).hash) : '';
}
