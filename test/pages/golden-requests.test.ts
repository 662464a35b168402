import { expect, test } from 'vitest';
import { mutate } from '../support/mutations.ts';
import { OPERATION_CASES } from '../support/operation-fixtures.ts';
import { startRecordingProxy } from '../support/recording-proxy.ts';
import { startStack } from '../support/stack.ts';

const golden = OPERATION_CASES.flatMap(({ operation, requests }) =>
  requests.map((request) => ({ ...request, operation: operation.typeName, method: operation.method })),
);
const accepted = golden.filter(({ verdict }) => verdict === 'ACCEPTED');
const refused = golden.filter(({ verdict }) => verdict === 'REFUSED');

test.each(accepted)('$name reaches the carrier byte for byte as documented', async ({ operation, input, path, wire }) => {
  await using stack = await startStack();
  const result = await mutate(stack, operation, input);
  expect(result).toMatchObject({ __typename: `${operation}Accepted` });
  const posts = stack.simulator.ledger.posts;
  expect(posts).toHaveLength(1);
  expect(posts[0]).toMatchObject({ path, status: 200 });
  expect(posts[0]?.requestId ?? null).toBe(result.request?.carrierRequests[0]?.carrierRequestId);
  expect(JSON.parse(posts[0]?.body ?? '')).toStrictEqual(wire);
  expect(posts[0]?.body).toBe(JSON.stringify(wire));
  await stack.simulator.idle();
});

test.each(refused)('$name is refused and never leaves', async ({ operation, input, faults }) => {
  await using stack = await startStack();
  const result = await mutate(stack, operation, input);
  expect(result).toMatchObject({ __typename: 'InvalidInput', totalFaults: faults?.length });
  expect(result.faults?.map((fault) => ({ path: fault.path, code: fault.code }))).toEqual(faults);
  expect(stack.simulator.ledger.posts).toEqual([]);
});

const perOperation = Object.values(Object.groupBy(accepted, ({ operation }) => operation)).flatMap((cases) => cases?.slice(0, 1) ?? []);

test.each(perOperation)(
  '$operation is one POST with the bearer, the session token and a JSON content type',
  async ({ operation, method, input, path, wire }) => {
    await using proxy = await startRecordingProxy();
    await using stack = await startStack({ env: { M2M_THINGSPACE_API_URL: proxy.url } });
    proxy.forwardTo(stack.simulator.url);
    expect(await mutate(stack, operation, input)).toMatchObject({ __typename: `${operation}Accepted` });
    const [token, login, ...posts] = proxy.requests;
    expect(token?.path).toBe('/api/ts/v1/oauth2/token');
    expect(login?.path).toBe('/api/m2m/v1/session/login');
    expect(posts).toHaveLength(1);
    expect(posts[0]).toMatchObject({ method, path, body: JSON.stringify(wire) });
    const headers = posts[0]?.headers ?? {};
    expect(headers['content-type']).toBe('application/json');
    expect(headers.authorization).toMatch(/^Bearer \S{8,}$/);
    expect(headers['vz-m2m-token']).toMatch(/^[0-9a-f-]{36}$/);
    await stack.simulator.idle();
  },
);
