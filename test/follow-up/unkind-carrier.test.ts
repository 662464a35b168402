import { afterAll, expect, test } from 'vitest';
import { type UnkindnessName, unkindnesses } from '../../simulator/unkind/unkindnesses.ts';
import { acceptedRequest, activate, activation } from '../carrier/support/activation.ts';
import { devices, type TestDevice } from '../support/devices.ts';
import { mutate } from '../support/mutations.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { operator } from './support/operator.ts';

const SOON = { M2M_OVERDUE_AFTER_MS: '500', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const GENERAL = 'UnifiedWebService.REQUEST_FAILED.UnexpectedError';

/** Its magic identifiers are on. Each test has devices of its own there. */
const magicStack = await startStack({ env: SOON, simulator: { magicIdentifiers: true } });
afterAll(() => magicStack[Symbol.asyncDispose]());

/** The ICCID that the carrier treats so. */
function magic(name: UnkindnessName, number = 0): string {
  return `891480077000${String(number).padStart(4, '0')}${unkindnesses.find((each) => each.name === name)?.suffix}`;
}

const named = (iccid: string): TestDevice => ({
  deviceIds: [
    { kind: 'IMEI', value: `990077000${iccid.slice(-5)}0` },
    { kind: 'ICCID', value: iccid },
  ],
});

const succeeded = { status: 'SUCCEEDED', contradicted: false, fault: null };
const failed = (code: string) => ({ status: 'FAILED', contradicted: false, fault: { code } });

/** What becomes of each device of one activation. */
const ACTIVATED: readonly (readonly [UnkindnessName, object])[] = [
  ['pending-first', succeeded],
  ['twice', succeeded],
  ['on-hold-then-success', { ...succeeded, isOnHold: false, state: 'Active' }],
  ['on-hold-then-denied', failed('UnifiedWebService.REQUEST_CANCELLED.CreditApproval')],
  ['fault-with-success', failed(GENERAL)],
  ['fault-without-status', failed(GENERAL)],
  ['fault-with-pending', failed(GENERAL)],
  ['warning-first', { ...succeeded, comment: null }],
  ['fault-names-one', failed(GENERAL)],
  ['named-by-mdn', { ...succeeded, source: 'CALLBACK' }],
  ['named-by-mdn-and-imei', { ...succeeded, source: 'CALLBACK' }],
  ['pascal-case', { ...succeeded, state: 'Active', servicePlan: 'm2m4G2GB' }],
  ['fault-pascal-case', failed(GENERAL)],
  ['fault-in-response', failed(GENERAL)],
  ['legacy-json', { ...succeeded, state: 'Active' }],
  ['legacy-json-in-data', { ...succeeded, carrierStatus: 'Success' }],
  ['legacy-xml', { ...succeeded, state: 'Active' }],
  ['legacy-xml-in-data', { ...succeeded, carrierStatus: 'Success' }],
  ['callback-gzip', succeeded],
  ['callback-utf-16', succeeded],
  ['callback-latin1', { ...succeeded, comment: 'Terminé' }],
  ['callback-references', succeeded],
  ['callback-list', succeeded],
  ['callback-slash', succeeded],
];

test.concurrent('whatever the carrier says of a device, and however, its outcome is right', async () => {
  const stack = magicStack;
  const { activate: send, ended } = operator(stack.gateway.urls.graphql);
  const listed = ACTIVATED.map(([name]) => named(magic(name)));
  const { id } = await send(activation(stack.account, { devices: listed }));
  const { outcomes, progress } = await ended(id);
  expect(ACTIVATED.map(([name], at) => [name, outcomes.nodes[at]])).toMatchObject(ACTIVATED);
  expect(progress).toMatchObject({ total: ACTIVATED.length, unmatchedCallbacks: 0 });
  expect(await deadLetters(stack)).toEqual([]);
});

test.concurrent('a restore is done only when the carrier says so, and found when the carrier names it by its MDN', async () => {
  const stack = magicStack;
  const list = [magic('not-restored'), magic('named-by-mdn', 1), magic('named-by-mdn', 2)];
  const { id } = await submit(stack, 'RestoreDevices', { target: { devices: list.map(byIccid) } });
  const { outcomes } = await operator(stack.gateway.urls.graphql).ended(id);
  expect(outcomes.nodes).toMatchObject([{ status: 'FAILED' }, succeeded, succeeded]);
});

test.concurrent('renewals that are answered by MDN and IMEI end with the code of each', async () => {
  const stack = magicStack;
  const eid = (number: number) => ({ kind: 'EID', value: `8904903200000000000000000000007${number}` });
  const list = [1, 2].map((number) => ({ deviceIds: [eid(number), { kind: 'ICCID', value: magic('named-by-mdn-and-imei', number) }] }));
  const { id } = await submit(stack, 'RenewActivationCode', { devices: list });
  const { outcomes } = await operator(stack.gateway.urls.graphql).ended(id);
  expect(outcomes.nodes).toMatchObject([succeeded, succeeded]);
});

test.concurrent('a profile that was suspended before, and DOWNLOAD_ENABLE, keep no resume from success', async () => {
  const stack = magicStack;
  const list = [magic('profile-already'), magic('shows-download-enable', 1), magic('shows-download-enable', 2)];
  stack.simulator.faults.callbacks.withholdDevices = list.slice(2);
  const { id } = await submit(stack, 'ResumeProfile', { devices: list.map(byIccid) });
  const { outcomes } = await operator(stack.gateway.urls.graphql).ended(id);
  expect(outcomes.nodes).toMatchObject([
    succeeded,
    { ...succeeded, source: 'CALLBACK', profileStatus: 'DOWNLOAD_ENABLE' },
    { ...succeeded, source: 'RECONCILED' },
  ]);
});

test.concurrent('one device whose record the carrier refuses keeps no other from its result', async () => {
  const stack = magicStack;
  const { once } = operator(stack.gateway.urls.graphql);
  const list = [magic('record-refused'), magic('silent', 1), magic('silent', 2)];
  const { id } = await submit(stack, 'ResumeProfile', { devices: list.map(byIccid) });
  const { outcomes } = await once(id, ({ progress }) => progress.succeeded === 2);
  expect(outcomes.nodes.map(({ status }) => status)).toEqual(['OVERDUE', 'SUCCEEDED', 'SUCCEEDED']);
});

const ANSWERS = [
  'answer-bom',
  'answer-gzip',
  'answer-deflate',
  'answer-br',
  'answer-pascal-case',
  'answer-list',
  'answer-blanks',
  'answer-braces',
] as const satisfies readonly UnkindnessName[];

test.concurrent('however the carrier writes its answers, the gateway logs in, and its requests have their ids', async () => {
  await using stack = await startStack({ env: SOON });
  const { activate: send, ended } = operator(stack.gateway.urls.graphql);
  for (const [at, name] of ANSWERS.entries()) {
    stack.simulator.faults.unkind.turn([name]);
    stack.simulator.faults.expireBearer();
    stack.simulator.faults.expireSessions();
    const { id, carrierRequests } = await send(activation(stack.account, { devices: devices(1, at + 1) }));
    expect([name, carrierRequests[0]?.carrierRequestId]).toEqual([name, expect.stringMatching(GUID)]);
    expect([name, (await ended(id)).status]).toEqual([name, 'SUCCEEDED']);
  }
});

test.concurrent('however the carrier writes what the device list and the history say, a silent device is proven', async () => {
  await using stack = await startStack({ env: SOON });
  const { activate: send, ended } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.callbacks.withholdShare = 1;
  const names = [...ANSWERS, 'one-as-object'] as const;
  stack.simulator.faults.status('requestStatus', 400, {
    times: Number.POSITIVE_INFINITY,
    body: { text: '{"errorCode":"INPUT_INVALID.RequestId.Invalid","errorMessage":"no"}' },
  });
  for (const [at, name] of names.entries()) {
    stack.simulator.faults.unkind.turn([name]);
    const { id } = await send(activation(stack.account, { devices: devices(2, 10 * (at + 1)) }));
    expect([name, (await ended(id)).outcomes.nodes]).toMatchObject([name, [{ source: 'RECONCILED' }, { source: 'RECONCILED' }]]);
  }
});

test.concurrent('a refusal is read with its reason however it is spelled; HTML and nothing at all are no acceptance, and nothing is sent again', async () => {
  const stack = magicStack;
  const url = stack.gateway.urls.graphql;
  const send = (name: UnkindnessName) => activate(url, activation(stack.account, { devices: [named(magic(name))] }));
  for (const name of ['error-pascal-case', 'error-list'] as const) {
    expect([name, await send(name)]).toMatchObject([
      name,
      {
        __typename: 'CarrierRefused',
        carrierErrorCode: expect.stringMatching(/INPUT_INVALID\.Device\.Identifier\.Invalid$/) as string,
        message: expect.stringContaining('identifier of the device') as string,
      },
    ]);
  }
  // Whether the carrier has done it, nobody knows.
  for (const name of ['firewall-200', 'firewall-403', 'firewall-404', 'empty-answer'] as const)
    expect([name, acceptedRequest(await send(name)).status]).toEqual([name, 'UNKNOWN']);
  // Nothing is sent a second time.
  expect(
    stack.simulator.ledger.posts.filter(({ body }) => body.includes(magic('firewall-200')) || body.includes(magic('empty-answer'))),
  ).toHaveLength(2);
});

test.concurrent('a 4G device that is named by less than the page asks for is sent as it is, and the carrier says why it refuses', async () => {
  await using stack = await startStack({ env: SOON });
  const [both] = devices(1);
  for (const identifier of both?.deviceIds ?? []) {
    const alone = activation(stack.account, { devices: [{ deviceIds: [identifier] }] });
    expect(await activate(stack.gateway.urls.graphql, alone)).toMatchObject({
      __typename: 'CarrierRefused',
      message: expect.stringContaining('needs its IMEI and ICCID') as string,
    });
  }
});

const byIccid = (value: string) => ({ deviceIds: [{ kind: 'ICCID', value }] });

async function submit(stack: Stack, name: string, input: object): Promise<{ readonly id: string }> {
  const { request, ...result } = await mutate(stack, name, { accountName: stack.account, ...input });
  if (!request) throw new Error(JSON.stringify(result));
  return request;
}

async function deadLetters(stack: Stack): Promise<readonly unknown[] | undefined> {
  const { data } = await stack.query<{ deadLetters: { nodes: unknown[] } }>('{ deadLetters { nodes { reason } } }');
  return data?.deadLetters.nodes;
}
