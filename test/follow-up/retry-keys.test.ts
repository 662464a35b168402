import { expect, test } from 'vitest';
import { RetryFailedDevicesDocument } from '../../documents/gql/graphql.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { RequestManager } from '../../src/resolvers/requests/manage-request.ts';
import { activate as mutate, activation } from '../carrier/support/activation.ts';
import { devices } from '../support/devices.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { newRequest } from '../support/new-request.ts';
import { openGateway } from '../support/open-gateway.ts';
import { openLog } from '../support/open-log.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { faultCodes, operator } from './support/operator.ts';
import { callerWith } from '../support/caller-with.ts';
import { storeOf } from '../support/flat-store.ts';

const REFUSAL = { text: '{"errorCode":"INPUT_INVALID.Any","errorMessage":"Not today."}' };

/** Makes a request that the carrier refuses, so its devices can be tried again. */
async function refused(stack: Pick<Stack, 'simulator' | 'account'>, url: string, more = {}): Promise<string> {
  stack.simulator.faults.status('activate', 400, { body: REFUSAL });
  const result = await mutate(url, activation(stack.account, more));
  if (result.__typename !== 'CarrierRefused') throw new Error(result.__typename);
  return result.request.id;
}

test('20 retries at once under one key are all the same request, and a repeat shows it as it is', async () => {
  await using stack = await startStack();
  const url = stack.gateway.urls.graphql;
  const { retry, ended } = operator(url);
  const requestId = await refused(stack, url);
  const input = { requestId, idempotencyKey: 'again' };
  const answers = await Promise.all(Array.from({ length: 20 }, () => retry(input)));
  const ids = new Set(
    answers.map((answer) => (answer.__typename === 'RetryFailedDevicesAccepted' ? answer.request.id : answer.__typename)),
  );
  expect(ids.size).toBe(1);
  const [id = ''] = ids;
  await ended(id);
  expect(await retry(input)).toMatchObject({ request: { id, status: 'SUCCEEDED' } });
  expect(faultCodes(await retry({ requestId, idempotencyKey: 'another' }))).toEqual(['ALREADY_RETRIED']);
  expect(stack.simulator.ledger.posts).toHaveLength(2);
});

test('a key stands for one retry of one request, and for no other mutation', async () => {
  await using stack = await startStack();
  const url = stack.gateway.urls.graphql;
  const { retry } = operator(url);
  const [first, second] = [await refused(stack, url), await refused(stack, url, { devices: devices(2, 7) })];
  const retried = await retry({ requestId: first, idempotencyKey: 'key' });
  if (retried.__typename !== 'RetryFailedDevicesAccepted') throw new Error(retried.__typename);
  const reused = { __typename: 'IdempotencyKeyReused', requestId: retried.request.id };
  expect(await retry({ requestId: second, idempotencyKey: 'key' })).toMatchObject(reused);
  // The same devices and settings, but another mutation.
  expect(await mutate(url, activation(stack.account, { idempotencyKey: 'key' }))).toMatchObject(reused);
  expect(await mutate(url, activation(stack.account, { idempotencyKey: 'key', mdnZipCode: '10001' }))).toMatchObject(reused);

  const made = await mutate(url, activation(stack.account, { idempotencyKey: 'other', devices: devices(1, 20) }));
  expect(made.__typename).toBe('ActivateDevicesAccepted');
  expect(await retry({ requestId: second, idempotencyKey: 'other' })).toMatchObject({ __typename: 'IdempotencyKeyReused' });
  expect(stack.simulator.ledger.posts).toHaveLength(4);
});

test('under one key, retries of two requests with the same devices are not confused, also at the same time', async () => {
  await using stack = await startStack();
  const url = stack.gateway.urls.graphql;
  const { retry } = operator(url);
  const ids = [await refused(stack, url), await refused(stack, url)];
  const answers = await Promise.all(ids.map((requestId) => retry({ requestId, idempotencyKey: 'key' })));
  expect(answers.map(({ __typename }) => __typename).toSorted()).toEqual(['IdempotencyKeyReused', 'RetryFailedDevicesAccepted']);
  expect(stack.simulator.ledger.posts).toHaveLength(3);
});

test('validateOnly checks and sends nothing, also under a key that stands for a request', async () => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.graphql;
  const { retry, show } = operator(url);
  const requestId = await refused(stack, url, { devices: devices(3) });
  const input = { requestId, idempotencyKey: 'key', validateOnly: true };
  expect(await retry(input)).toMatchObject({ __typename: 'InputAccepted', deviceCount: 3, carrierRequestCount: 1 });
  expect((await show(requestId)).retries.nodes).toEqual([]);
  expect(await retry({ ...input, validateOnly: false })).toMatchObject({ __typename: 'RetryFailedDevicesAccepted' });
  expect(faultCodes(await retry(input))).toEqual(['ALREADY_RETRIED']);
  expect(stack.simulator.ledger.posts).toHaveLength(2);
});

test('a key holds over a crash in the middle of the retry: the same request, and no second POST', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  const env = gatewayEnv(simulator, `${folder.path}/gateway.sqlite`);
  const [account = ''] = simulator.accounts;
  let requestId: string;
  {
    await using process = await spawnGateway(env);
    requestId = await refused({ simulator, account }, process.graphql);
    simulator.faults.latency('activate', 60_000);
    const input = { requestId, idempotencyKey: 'key' };
    const cut = runDocument(process.graphql, RetryFailedDevicesDocument, { input }).then(
      () => 'answered',
      () => 'cut',
    );
    await simulator.ledger.until(({ posts }) => posts.length === 2);
    process.kill('SIGKILL');
    await process.exited;
    expect(await cut).toBe('cut');
  }
  await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`);
  const { retry, show } = operator(gateway.urls.graphql);
  const again = await retry({ requestId, idempotencyKey: 'key' });
  if (again.__typename !== 'RetryFailedDevicesAccepted') throw new Error(again.__typename);
  expect(again.request).toMatchObject({ status: 'UNKNOWN', retryOf: { id: requestId } });
  expect((await show(requestId)).retries.nodes).toEqual([{ id: again.request.id }]);
  expect(faultCodes(await retry({ requestId }))).toEqual(['ALREADY_RETRIED']);
  expect(simulator.ledger.posts).toHaveLength(2);
});

test('a request of another caller’s account, or of one that the caller may only read, is answered as if it did not exist', async () => {
  await using folder = await tempFolder();
  await using requestLog = openLog(`${folder.path}/store`);
  const { id } = await requestLog.create(newRequest([[['ICCID', '1']]], { account: 'theirs' }));
  const never = new Proxy({}, { get: () => expect.fail('asked') });
  const manager = new RequestManager({
    store: storeOf(requestLog),
    submitter: never as never,
    sender: never as never,
    reconciler: never as never,
    session: never as never,
  });
  const callers = [callerWith({ mine: ['read', 'write'] }, { id: 'a' }), callerWith({ theirs: ['read'] }, { id: 'b' })];
  for (const caller of callers) {
    const answers = [
      await manager.cancel(caller, id),
      await manager.resolveUnknown(caller, { requestId: id, position: null, carrierRequestId: null, neverArrived: true }),
      await manager.retryFailed(caller, id, {}),
      await manager.retryFailed(caller, 'req_01JD0000000000000000000000', {}),
    ];
    for (const answer of answers) expect(answer).toEqual(answers[3]);
    expect(answers[0]).toMatchObject({ type: 'INVALID', faults: [{ code: 'NOT_FOUND' }] });
  }
});
