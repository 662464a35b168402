import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { makeKey } from '../support/make-key.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack } from '../support/stack.ts';

const NODE = `query ($id: ID!) { node(id: $id) { __typename id
  ... on DeadLetter { reason accountName } ... on UnclaimedCallback { callbackService accountName } ... on AuditEntry { action subject } } }`;

test('everything with an id is found by it, and nothing else is', async () => {
  await using stack = await startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent' } });
  const { authorization } = await makeKey(stack.gateway, { scopes: { '*': ['read', 'write', 'admin'] } });
  const query: typeof stack.query = (document, variables) => stack.query(document, variables, authorization);
  const { id: requestId } = await activateDevices({ query, account: stack.account }, 1);
  await stack.simulator.idle();
  await postCallback(stack, 'CarrierService', 'not a message');
  await postCallback(stack, 'DeviceUsage', { requestId: 'usage' });
  const { data } = await query<Lists>(
    `query ($id: ID!) { deadLetters { nodes { id } } unclaimedCallbacks { nodes { id } } auditLog { nodes { id } }
       request(id: $id) { id outcomes { nodes { id } } } }`,
    { id: requestId },
  );
  const ids = [data?.deadLetters, data?.unclaimedCallbacks, data?.auditLog, data?.request.outcomes].map((list) => list?.nodes[0]?.id ?? '');
  expect(ids).toEqual(['dead', 'unc', 'aud', 'out'].map((kind) => expect.stringMatching(new RegExp(`^${kind}_`))));
  const node = async (id: string, as = authorization) => (await stack.query<{ node: unknown }>(NODE, { id }, as)).data?.node;
  const [deadLetter = '', unclaimed = '', entry = '', outcome = ''] = ids;
  expect(await node(deadLetter)).toEqual({ __typename: 'DeadLetter', id: deadLetter, reason: 'UNREADABLE', accountName: stack.account });
  expect(await node(unclaimed)).toMatchObject({ __typename: 'UnclaimedCallback', id: unclaimed, callbackService: 'DeviceUsage' });
  expect(await node(entry)).toEqual({ __typename: 'AuditEntry', id: entry, action: 'ACTIVATE_DEVICES', subject: requestId });
  expect(await node(outcome)).toEqual({ __typename: 'DeviceOutcome', id: outcome });
  expect(await node(requestId)).toEqual({ __typename: 'Request', id: requestId });

  // The number alone, another kind with the same number, and spellings of a number.
  const number = deadLetter.slice('dead_'.length);
  for (const id of [
    number,
    `letter_${number}`,
    `dead_0${number}`,
    `dead_${number}.0`,
    `dead_ ${number}`,
    `dead_`,
    `DEAD_${number}`,
    `unc_${number}9`,
  ])
    expect(await node(id)).toBeNull();

  // A dead letter and an entry of the audit log are for an admin of their account. Entries about no account are for an admin of all.
  const created = (await query<Lists>('{ auditLog(first: 1000) { nodes { id accountName } } }')).data?.auditLog.nodes;
  const ofNoAccount = created?.find(({ accountName }) => accountName === null)?.id ?? '';
  expect(await node(ofNoAccount)).toMatchObject({ __typename: 'AuditEntry', id: ofNoAccount });
  const reader = (await makeKey(stack.gateway, { scopes: { [stack.account]: ['read', 'write'] } })).authorization;
  const admin = (await makeKey(stack.gateway, { scopes: { [stack.account]: ['read', 'admin'] } })).authorization;
  const seen = async (as: string) =>
    Promise.all([deadLetter, entry, ofNoAccount, unclaimed, requestId].map(async (id) => (await node(id, as)) !== null));
  expect({ reader: await seen(reader), admin: await seen(admin) }).toEqual({
    reader: [false, false, false, true, true],
    admin: [true, true, false, true, true],
  });

  // The body needs its grants, whichever way it is asked for.
  const body = await stack.query('query ($id: ID!) { node(id: $id) { ... on DeadLetter { body } } }', { id: deadLetter }, authorization);
  expect(body.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
});

test('a dead letter is tried again by its id; its number alone is told the new form', async () => {
  await using stack = await startStack({ register: false, env: { M2M_LOG_LEVEL: 'silent' } });
  await postCallback(stack, 'CarrierService', 'not a message');
  const redrive = 'mutation ($ids: [ID!]!) { redriveDeadLetters(input: { ids: $ids }) { deadLetterId outcome } }';
  const id = (await stack.query<Lists>('{ deadLetters { nodes { id } } }')).data?.deadLetters.nodes[0]?.id ?? '';
  expect(await stack.query(redrive, { ids: [id] })).toEqual({
    data: { redriveDeadLetters: [{ deadLetterId: id, outcome: 'UNREADABLE' }] },
  });
  const { errors } = await stack.query(redrive, { ids: [id, id.slice('dead_'.length)] });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining('`dead_` and the number') }]);
  const audited = await stack.query('{ auditLog { nodes { action subject } } }');
  expect(audited.data).toEqual({ auditLog: { nodes: [{ action: 'REDRIVE_DEAD_LETTERS', subject: id }] } });
});

interface Lists {
  readonly deadLetters: { readonly nodes: readonly { readonly id: string }[] };
  readonly unclaimedCallbacks: { readonly nodes: readonly { readonly id: string }[] };
  readonly auditLog: { readonly nodes: readonly { readonly id: string; readonly accountName?: string | null }[] };
  readonly request: { readonly outcomes: { readonly nodes: readonly { readonly id: string }[] } };
}
