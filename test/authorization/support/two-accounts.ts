import type { CallbackService } from '../../../src/datasources/thingspace/wire/callback-service.ts';
import { activateDevices } from '../../support/activate-devices.ts';
import { deviceCallback } from '../../support/device-callback.ts';
import { devices } from '../../support/devices.ts';
import { makeKey, type TestKey } from '../../support/make-key.ts';
import { postCallback } from '../../support/post-callback.ts';
import { startStack, type Stack } from '../../support/stack.ts';
import { until } from '../../support/until.ts';

/** What one account has: a request at each state that some mutation is for, and what came for it unasked. */
export interface Belongings {
  readonly account: string;
  readonly settled: { readonly id: string; readonly carrierRequestId: string };
  readonly failed: { readonly id: string; readonly carrierRequestId: string };
  readonly queued: { readonly id: string };
  readonly outcomeId: string;
  /** Where the settled one ends in its log. */
  readonly cursor: string;
  readonly deadLetterId: string;
  readonly unclaimedId: string;
  readonly auditEntryId: string;
}

export interface TwoAccounts extends AsyncDisposable {
  readonly stack: Stack;
  readonly url: string;
  /** Who may do everything. */
  readonly owner: TestKey;
  readonly mine: Belongings;
  readonly theirs: Belongings;
}

export const ACCOUNTS = { mine: '0868924207-00001', theirs: '0000123456-00001' } as const;

/** Activations that are sent; the next ones wait in the queue. */
const SENT = 4;

/** A gateway that asks who asks, and two accounts that have the same: what one caller may, another may not. */
export async function openTwoAccounts(env: Readonly<Record<string, string>> = {}): Promise<TwoAccounts> {
  await using undo = new AsyncDisposableStack();
  const stack = undo.use(
    await startStack({
      env: { M2M_AUTH: 'on', M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: String(SENT), M2M_LOG_LEVEL: 'silent', ...env },
      register: false,
    }),
  );
  const { gateway } = stack;
  const owner = await makeKey(gateway, {
    scopes: { '*': ['read', 'write', 'terminate', 'admin'] },
    grants: ['deviceCredential', 'activationCode', 'introspection'],
    name: 'owner',
  });
  const query: Stack['query'] = (document, variables) => stack.query(document, variables, owner.authorization);
  const as = (account: string) => ({ query, account, gateway });
  const sent = async (account: string, first: number) => ({
    settled: await activateDevices(as(account), 2, { first }),
    failed: await activateDevices(as(account), 2, { first: first + 10 }),
  });
  const both = { mine: await sent(ACCOUNTS.mine, 1), theirs: await sent(ACCOUNTS.theirs, 101) };
  const belongings = async (account: string, { settled, failed }: Awaited<ReturnType<typeof sent>>, first: number): Promise<Belongings> => {
    const post = (service: CallbackService, body: unknown) => postCallback({ gateway, account }, service, body);
    for (const number of [first, first + 1]) await post('CarrierService', deviceCallback(settled.carrierRequestId, number));
    for (const number of [first + 10, first + 11]) {
      await post('CarrierService', {
        ...deviceCallback(failed.carrierRequestId, number),
        deviceResponse: undefined,
        faultResponse: { faultcode: 'UnifiedWebService.REQUEST_FAILED.DeviceNotFound', faultstring: 'Device not found' },
        status: 'Failed',
      });
    }
    await post('DeviceUsage', { requestId: `usage-of-${account}`, comment: 'unclaimed' });
    await post('CarrierService', `not a message, for ${account}`);
    const { data } = await query<Shown>(SHOWN, { id: settled.id, account });
    return {
      account,
      settled,
      failed,
      queued: { id: await queuedRequest(query, account, first + 20) },
      outcomeId: data?.request.outcomes.nodes[0]?.id ?? '',
      cursor: data?.request.cursor ?? '',
      deadLetterId: data?.deadLetters.nodes[0]?.id ?? '',
      unclaimedId: data?.unclaimedCallbacks.nodes[0]?.id ?? '',
      auditEntryId: data?.auditLog.nodes[0]?.id ?? '',
    };
  };
  const mine = await belongings(ACCOUNTS.mine, both.mine, 1);
  const theirs = await belongings(ACCOUNTS.theirs, both.theirs, 101);
  const built = undo.move();
  return { stack, url: gateway.urls.graphql, owner, mine, theirs, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** Its mutation waits for the carrier until the gateway stops. */
async function queuedRequest(query: Stack['query'], accountName: string, first: number): Promise<string> {
  const input = { accountName, target: { devices: devices(1, first) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
  query('mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }', { input }).catch(() => undefined);
  let id: string | undefined;
  await until(async () => {
    const { data } = await query<Queued>(
      'query ($account: String) { requests(accountName: $account, filter: { status: QUEUED }) { nodes { id } } }',
      {
        account: accountName,
      },
    );
    return (id = data?.requests.nodes[0]?.id) !== undefined;
  });
  return id ?? '';
}

interface Queued {
  readonly requests: { readonly nodes: readonly { readonly id: string }[] };
}

const SHOWN = `query ($id: ID!, $account: String!) {
  request(id: $id) { status cursor outcomes(first: 1) { nodes { id } } } deadLetters(accountName: $account) { nodes { id } }
  unclaimedCallbacks(accountName: $account) { nodes { id } } auditLog(accountName: $account) { nodes { id } } }`;

interface Shown {
  readonly request: {
    readonly status: string;
    readonly cursor: string;
    readonly outcomes: { readonly nodes: readonly { readonly id: string }[] };
  };
  readonly deadLetters: { readonly nodes: readonly { readonly id: string }[] };
  readonly unclaimedCallbacks: { readonly nodes: readonly { readonly id: string }[] };
  readonly auditLog: { readonly nodes: readonly { readonly id: string }[] };
}
