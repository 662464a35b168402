import { activateDevices } from '../../support/activate-devices.ts';
import { deviceCallback } from '../../support/device-callback.ts';
import { makeKey, type TestKey } from '../../support/make-key.ts';
import { postCallback } from '../../support/post-callback.ts';
import { startStack, type Stack } from '../../support/stack.ts';
import { ACCOUNTS } from './two-accounts.ts';

export interface OpenRequest {
  readonly id: string;
  readonly account: string;
  /** The carrier reports the next device of it; acknowledged. */
  report(): Promise<void>;
}

export interface TwoOpen extends AsyncDisposable {
  readonly stack: Stack;
  readonly url: string;
  readonly websocket: string;
  /** Who may do everything. */
  readonly owner: TestKey;
  readonly mine: OpenRequest;
  readonly theirs: OpenRequest;
}

/** A gateway that asks who asks, and an open request in each of two accounts, whose devices report when the test says so. */
export async function openTwoOpen({ devices = 5, env = {} as Readonly<Record<string, string>> } = {}): Promise<TwoOpen> {
  await using undo = new AsyncDisposableStack();
  const stack = undo.use(await startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent', ...env }, register: false }));
  const { gateway } = stack;
  const owner = await makeKey(gateway, {
    scopes: { '*': ['read', 'write', 'terminate', 'admin'] },
    grants: ['deviceCredential', 'activationCode', 'introspection'],
    name: 'owner',
  });
  const open = async (account: string, first: number): Promise<OpenRequest> => {
    const query: Stack['query'] = (document, variables) => stack.query(document, variables, owner.authorization);
    const { id, carrierRequestId } = await activateDevices({ query, account }, devices, { first });
    let next = first;
    const report = async () => {
      const message = deviceCallback(carrierRequestId, next++);
      const { activateResponse } = message['deviceResponse'] as { activateResponse: object };
      const deviceCredential = { username: `user-${next - 1}`, password: `secret-${next - 1}` };
      const deviceResponse = { activateResponse: { ...activateResponse, deviceCredential } };
      const status = await postCallback({ gateway, account }, 'CarrierService', { ...message, deviceResponse });
      if (status !== 200) throw new Error(`the callback was answered ${status}`);
    };
    return { id, account, report };
  };
  const mine = await open(ACCOUNTS.mine, 1);
  const theirs = await open(ACCOUNTS.theirs, 101);
  const built = undo.move();
  const { graphql: url, websocket } = gateway.urls;
  return { stack, url, websocket, owner, mine, theirs, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** Follows a request by `cursor` and status alone. */
export const SLIM = 'subscription ($id: ID!) { requestStatus(requestId: $id) { cursor outcomes { index } } }';
/** The same with what needs a grant. */
export const SECRET =
  'subscription ($id: ID!) { requestStatus(requestId: $id) { cursor outcomes { index deviceCredential { password } } } }';
