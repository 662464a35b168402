import { expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { startRecordingProxy, type RecordedRequest } from '../support/recording-proxy.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

/** Names that would do harm in a path, a query, a header or a body that is put together by hand. */
const NAMES = [
  '../../v2/devices',
  '..',
  '.',
  '/',
  '//evil.example/x',
  'a/../b',
  '%2e%2e%2f',
  '%0d%0ax-injected: 1',
  'a?b=c',
  'a#b',
  'a;b',
  'a&accountName=b',
  'http://evil.example/',
  '"},"x":{"y":"',
  '{"$ne":null}',
  '${jndi:ldap://evil.example}',
  '`id`',
  '$(id)',
  '--',
  '*',
  '__proto__',
  'ünïcödé',
  '東京',
  '🚀',
] as const;

const ACTIVATE =
  'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename ... on InvalidInput { faults { path code } } } }';
const PATHS = [
  '/api/ts/v1/oauth2/token',
  '/api/m2m/v1/session/login',
  '/api/m2m/v1/devices/actions/list',
  '/api/m2m/v1/devices/actions/activate',
];

test('a name that a caller chose reaches the carrier unchanged, in its own field of a body, and never in a path or a header', async () => {
  await using proxy = await startRecordingProxy();
  await using stack = await startStack({ register: false, env: { M2M_THINGSPACE_API_URL: proxy.url } });
  proxy.forwardTo(stack.simulator.url);
  const accountName = stack.account;
  const activate = (input: object) =>
    stack.query<{ activateDevices: object }>(ACTIVATE, { input: { accountName, mdnZipCode: '98801', ...input } });
  const isActivation = ({ path }: Pick<RecordedRequest, 'path'>) => path === '/api/m2m/v1/devices/actions/activate';

  for (const [at, name] of NAMES.entries()) {
    const before = proxy.requests.length;
    await activate({
      servicePlan: name,
      target: { devices: devices(1, at + 1) },
      groupName: name,
      customFields: [{ key: 'CustomField1', value: name }],
      clientReference: name,
      idempotencyKey: name,
    });
    await activate({
      servicePlan: 'm2m4G2GB',
      target: { group: { groupName: name, customFieldFilter: [{ key: 'CustomField2', value: name }] } },
    });
    await until(() => proxy.requests.slice(before).filter(isActivation).length === 2);
    const sent = proxy.requests.slice(before).map(({ path, headers, body }) => ({ path, headers, body }));
    expect(sent.filter(({ path }) => !PATHS.includes(path))).toEqual([]);
    expect(sent.filter(({ headers }) => 'x-injected' in headers || JSON.stringify(headers).includes(JSON.stringify(name)))).toEqual([]);
    const [listed, group] = sent
      .filter(isActivation as (request: { path: string }) => boolean)
      .map(({ body }) => JSON.parse(body) as object);
    expect(listed).toMatchObject({ accountName, groupName: name, servicePlan: name, customFields: [{ key: 'CustomField1', value: name }] });
    expect(group).toMatchObject({ accountName, groupName: name, customFields: [{ key: 'CustomField2', value: name }] });
    // The members of a group are read before it is sent.
    const lists = sent.filter(({ path }) => path.endsWith('/devices/actions/list')).map(({ body }) => JSON.parse(body) as object);
    expect(lists).toEqual([expect.objectContaining({ accountName, groupName: name })]);
    // Fields that are for this gateway alone are not sent.
    expect(JSON.stringify([listed, group])).not.toMatch(/clientReference|idempotencyKey/);
  }
});

test.each(['a\r\nx-injected: 1', 'a\nb', 'a\rb', 'a\0b', 'a\u0085b\u001b', ' a', 'a ', 'a\tb'])(
  'a name with %j is refused before the carrier is asked anything',
  async (name) => {
    await using proxy = await startRecordingProxy();
    await using stack = await startStack({ register: false, env: { M2M_THINGSPACE_API_URL: proxy.url } });
    proxy.forwardTo(stack.simulator.url);
    const input = { accountName: stack.account, mdnZipCode: '98801', servicePlan: 'm2m4G2GB', target: { group: { groupName: name } } };
    const answer = await stack.query<{ activateDevices: object }>(ACTIVATE, { input });
    expect(answer.data?.activateDevices).toMatchObject({
      __typename: 'InvalidInput',
      faults: [{ path: ['target', 'group', 'groupName'], code: expect.stringMatching(/^(?:INVALID_CHARACTER|PADDED)$/) as string }],
    });
    expect(proxy.requests).toEqual([]);
  },
);
