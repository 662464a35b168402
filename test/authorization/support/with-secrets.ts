import { devices } from '../../support/devices.ts';
import { follow } from '../../support/follow.ts';
import { makeKey, type TestKey } from '../../support/make-key.ts';
import { postCallback } from '../../support/post-callback.ts';
import { startStack, type Stack, type StackOptions } from '../../support/stack.ts';
import { ACCOUNTS } from './two-accounts.ts';

export interface WithSecrets extends AsyncDisposable {
  readonly stack: Stack;
  readonly url: string;
  readonly account: string;
  /** Who may do everything. */
  readonly owner: TestKey;
  /** Has every scope on the account, and no grant. */
  readonly plain: TestKey;
  /** Settled; its device has a credential. */
  readonly activated: { readonly id: string; readonly outcomeId: string; readonly password: string };
  /** Settled; its device has an activation code. */
  readonly renewed: { readonly id: string; readonly outcomeId: string; readonly activationCode: string };
}

const ALL = ['read', 'write', 'terminate', 'admin'] as const;

/** A gateway that asks who asks, with two requests whose devices have secrets, and a dead letter. */
export async function openWithSecrets(options: StackOptions = {}): Promise<WithSecrets> {
  await using undo = new AsyncDisposableStack();
  const stack = undo.use(await startStack({ ...options, env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent', ...options.env } }));
  const { gateway } = stack;
  const account = ACCOUNTS.mine;
  const owner = await makeKey(gateway, {
    scopes: { '*': ALL },
    grants: ['deviceCredential', 'activationCode', 'introspection'],
    name: 'owner',
  });
  const plain = await makeKey(gateway, { scopes: { [account]: ALL }, name: 'plain' });
  const settled = async (mutation: string, input: object) => {
    const query = `mutation ($input: ${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!) {
      result: ${mutation}(input: $input) { ... on ${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Accepted { request { id } } } }`;
    const { data } = await stack.query<{ result: { request: { id: string } } }>(query, { input }, owner.authorization);
    const id = data?.result.request.id ?? '';
    for await (const event of follow(stack.client({ authorization: owner.authorization }), { id })) void event;
    const shown = await stack.query<Shown>(SHOWN, { id }, owner.authorization);
    const [outcome] = shown.data?.request.outcomes.nodes ?? [];
    if (!outcome) throw new Error(JSON.stringify(shown));
    return { request: id, outcome };
  };
  const activation = { accountName: account, target: { devices: devices(1) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
  const activated = await settled('activateDevices', activation);
  const eid = [
    { kind: 'EID', value: '89049032000000000000000000000001' },
    { kind: 'ICCID', value: '89141390780800784259' },
  ];
  const renewed = await settled('renewActivationCode', { accountName: account, devices: [{ deviceIds: eid }] });
  await postCallback(stack, 'CarrierService', 'not a message');
  const built = undo.move();
  return {
    stack,
    url: gateway.urls.graphql,
    account,
    owner,
    plain,
    activated: {
      id: activated.request,
      outcomeId: activated.outcome.id,
      password: activated.outcome.deviceCredential?.password ?? '',
    },
    renewed: { id: renewed.request, outcomeId: renewed.outcome.id, activationCode: renewed.outcome.activationCode ?? '' },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

const SHOWN = 'query ($id: ID!) { request(id: $id) { outcomes { nodes { id activationCode deviceCredential { password } } } } }';

interface Shown {
  readonly request: {
    readonly outcomes: {
      readonly nodes: readonly {
        readonly id: string;
        readonly activationCode: string | null;
        readonly deviceCredential: { readonly password: string } | null;
      }[];
    };
  };
}
