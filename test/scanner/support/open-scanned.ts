import { expect } from 'vitest';
import { ask } from '../../authorization/support/ask.ts';
import { makeKey } from '../../support/make-key.ts';
import { startStack, type Stack } from '../../support/stack.ts';

/** Nobody; a key that may do everything, with every account, but see neither secrets nor the schema; a key that may do all. */
export const CALLERS = ['stranger', 'plain', 'full'] as const;
export type ScanningCaller = (typeof CALLERS)[number];

export interface Scanned extends AsyncDisposable {
  readonly stack: Stack;
  readonly url: string;
  readonly authorization: Readonly<Record<ScanningCaller, string | null>>;
  /** A mutation that would activate a device, as a body. */
  readonly activation: string;
  /** Nothing reached the carrier or the store, and the gateway answers. */
  expectUntouched(): Promise<void>;
}

/** A gateway as it is by default: it asks who asks, and serves no page. */
export async function openScanned(env: Readonly<Record<string, string>> = {}): Promise<Scanned> {
  await using undo = new AsyncDisposableStack();
  const stack = undo.use(await startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent', ...env }, register: false }));
  const scopes = { '*': ['read', 'write', 'admin'] } as const;
  const plain = await makeKey(stack.gateway, { scopes });
  const full = await makeKey(stack.gateway, { scopes, grants: ['deviceCredential', 'activationCode', 'introspection'] });
  const url = stack.gateway.urls.graphql;
  const built = undo.move();
  return {
    stack,
    url,
    authorization: { stranger: null, plain: plain.authorization, full: full.authorization },
    activation: JSON.stringify({
      query: `mutation { activateDevices(input: { accountName: "${stack.account}", servicePlan: "m2m4G2GB", mdnZipCode: "98801",
        target: { devices: [{ deviceIds: [{ kind: ICCID, value: "89148000000000000900" }, { kind: IMEI, value: "990000000009000" }] }] } }) { __typename } }`,
    }),
    async expectUntouched() {
      const answer = await ask(url, full.authorization, { query: '{ requests { nodes { id } } }' });
      expect([answer.status, answer.text]).toEqual([200, '{"data":{"requests":{"nodes":[]}}}']);
      expect(stack.simulator.ledger.posts).toEqual([]);
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
