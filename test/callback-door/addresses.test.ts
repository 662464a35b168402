import { connect } from 'node:net';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { VARIABLES } from '../../src/config/config-variables.ts';
import { readConfig } from '../../src/config/config.ts';
import { CallbackAddresses, PUBLISHED_ADDRESSES } from '../../src/server/callbacks/callback-addresses.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { readMetric } from '../support/read-metric.ts';
import { openClockedGateway } from './support/clocked-gateway.ts';
import { ACCOUNT, callback, openDoor } from './support/open-door.ts';

const [PUBLISHED] = PUBLISHED_ADDRESSES;
const STRANGER = '198.51.100.7';
const GOOD = JSON.stringify(callback());
const NOTHING = { kept: [], unclaimed: [], applied: [] };
const HOP = { M2M_CALLBACK_PROXY_HOPS: '1' };
const HOPS = { M2M_CALLBACK_PROXY_HOPS: '2' };
const ADDRESSES = (allowed: string) => ({ M2M_CALLBACK_ADDRESSES: allowed });

const TAKEN: readonly (readonly [string, Record<string, string>, string | null])[] = [
  ['a published address behind a proxy', HOP, PUBLISHED],
  ['a published address, and before it what the sender wrote himself', HOP, `${STRANGER}, 10.0.0.1,${PUBLISHED}`],
  ['a published address behind two proxies', HOPS, `${PUBLISHED}, ${STRANGER}`],
  ['a published address with its port', HOP, `${PUBLISHED}:50123`],
  ['a published address as IPv6 writes it', HOP, `::ffff:${PUBLISHED}`],
  ['a listed address', { ...HOP, ...ADDRESSES(STRANGER) }, STRANGER],
  ['an address of a listed network', { ...HOP, ...ADDRESSES('198.51.100.0/24') }, STRANGER],
  ['an address listed beside the published ones', { ...HOP, ...ADDRESSES(`published,${STRANGER}`) }, STRANGER],
  ['a published address where more are listed', { ...HOP, ...ADDRESSES(`published,${STRANGER}`) }, PUBLISHED],
  ['an IPv6 address of a listed network', { ...HOP, ...ADDRESSES('2001:db8::/32') }, '[2001:db8::7]:443'],
  ['an IPv6 address written otherwise than listed', { ...HOP, ...ADDRESSES('2001:db8::7') }, '2001:DB8:0:0::7'],
  ['an address that is listed as IPv6 writes it', { ...HOP, ...ADDRESSES(`::ffff:${STRANGER}`) }, STRANGER],
  ['anybody where any may', { ...HOP, ...ADDRESSES('any') }, STRANGER],
  ['anybody on loopback by default', {}, STRANGER],
  ['the peer itself, if listed', ADDRESSES('127.0.0.1'), STRANGER],
  ['the peer itself, if its network is listed', ADDRESSES('127.0.0.0/8'), null],
];

test.each(TAKEN)('a callback of %s is taken', async (_what, env, forwardedFor) => {
  await using door = await openDoor(env);
  expect(await door.post(GOOD, forwardedFor === null ? {} : { 'x-forwarded-for': forwardedFor })).toEqual({ status: 200, body: '{}' });
  expect((await door.stored()).applied).toHaveLength(1);
});

const REFUSED: readonly (readonly [string, Record<string, string>, string | null])[] = [
  ['an address that is not published', HOP, STRANGER],
  ['a stranger who writes a published address before his own', HOP, `${PUBLISHED}, ${STRANGER}`],
  ['a stranger who comes through fewer proxies', HOPS, PUBLISHED],
  ['nobody known, for want of the header', HOP, null],
  ['nobody known, for an empty header', HOP, ''],
  ['nobody known, for a header without addresses', HOP, 'unknown'],
  ['nobody known, for half an address', HOP, '137.117.33'],
  ['nobody known, for an address with something behind it', HOP, `${PUBLISHED} x`],
  ['a private address behind a proxy', HOP, '10.0.0.1'],
  ['a neighbour of a listed network', { ...HOP, ...ADDRESSES('198.51.100.0/29') }, '198.51.100.8'],
  ['a stranger as IPv6 writes him', { ...HOP, ...ADDRESSES(PUBLISHED) }, `::ffff:${STRANGER}`],
  ['an IPv6 stranger', { ...HOP, ...ADDRESSES('2001:db8::/32') }, '2001:db9::7'],
  ['a published address that is not listed', { ...HOP, ...ADDRESSES(STRANGER) }, PUBLISHED],
];

test.each(REFUSED)('a callback of %s is answered 403, counted, and not stored', async (_what, env, forwardedFor) => {
  await using door = await openDoor(env);
  const headers = forwardedFor === null ? undefined : { 'x-forwarded-for': forwardedFor };
  expect((await door.post(GOOD, headers)).status).toBe(403);
  expect(await readMetric(door.admin, 'm2m_callbacks_refused_total{status="403"}')).toBe(1);
  expect(await door.stored()).toEqual(NOTHING);
});

test('where no proxy stands in front, an address that may not deliver is cut off when it connects, whatever it says or does not say', async () => {
  await using door = await openDoor(ADDRESSES('published'));
  const port = Number(new URL(door.origin).port);
  const head = `POST ${door.path()} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: ${PUBLISHED}\r\ncontent-length: ${GOOD.length}\r\n\r\n${GOOD}`;
  for (const said of ['', 'POST', head]) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    let received = 0;
    socket.on('data', (chunk) => (received += chunk.length));
    socket.write(said);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(received).toBe(0);
  }
  expect(await readMetric(door.admin, 'm2m_callbacks_refused_total{status="address"}')).toBe(3);
  expect(await readMetric(door.admin, 'm2m_connections_open{listener="callbacks"}')).not.toBeGreaterThan(0);
  expect(await door.stored()).toEqual(NOTHING);
});

test('repeated headers form one list, and the last address of the last header is the nearest', async () => {
  await using door = await openDoor(HOP);
  const post = (...forwardedFor: string[]) => {
    const headers = ['content-type', 'application/json', ...forwardedFor.flatMap((value) => ['x-forwarded-for', value])];
    return request(`${door.origin}${door.path()}`, { method: 'POST', headers, body: GOOD });
  };
  expect((await post(PUBLISHED, STRANGER)).statusCode).toBe(403);
  expect((await post(STRANGER, PUBLISHED)).statusCode).toBe(200);
});

test.each([
  ['a wrong path', 'POST', {}, '/callbacks/wrong'],
  ['another method', 'PUT', {}, undefined],
  ['a body that is too large', 'POST', { 'content-length': '2000000' }, undefined],
])('a stranger learns nothing about %s: the address is checked first', async (_what, method, headers, path) => {
  await using door = await openDoor(HOP);
  const answer = await request(`${door.origin}${path ?? door.path()}`, {
    method: method as 'POST',
    headers: { ...headers, 'x-forwarded-for': STRANGER },
    body: 'content-length' in headers ? Buffer.alloc(2_000_000) : GOOD,
  });
  expect(answer.statusCode).toBe(403);
  await answer.body.dump();
});

test.each([
  ['the method before the size and the path', 'PUT', '2000000', '/callbacks/wrong', 405],
  ['the size before the path', 'POST', '2000000', '/callbacks/wrong', 413],
  ['the path before the body', 'POST', '7', '/callbacks/wrong', 404],
])('the checks run in order: %s', async (_what, method, length, path, status) => {
  await using door = await openDoor();
  const answer = await request(`${door.origin}${path ?? door.path()}`, {
    method: method as 'POST',
    headers: { 'content-encoding': 'gzip', 'content-length': length },
    body: Buffer.alloc(Number(length)),
  });
  expect(answer.statusCode).toBe(status);
  await answer.body.dump();
});

test('a refused address is logged once a minute with a count, and the rule is logged at the start', async () => {
  await using stack = await openClockedGateway(HOP);
  const { log, clock, gateway, account } = stack;
  const path = gateway.callbackPath(account, 'CarrierService');
  const post = (forwardedFor: string) => stack.post(path, GOOD, { 'x-forwarded-for': forwardedFor });
  expect(log.of('callback_addresses')).toMatchObject([{ status: 'published' }]);
  for (const forwardedFor of [STRANGER, '203.0.113.9', 'no <b>address</b>']) expect(await post(forwardedFor)).toBe(403);
  expect(log.of('callback_address_refused')).toMatchObject([{ level: 40, remoteAddress: STRANGER, count: 1 }]);
  clock.ms += 60_000;
  expect(await post('no <b>address</b>')).toBe(403);
  expect(log.of('callback_address_refused')).toMatchObject([{ count: 1 }, { remoteAddress: 'unknown', count: 3 }]);
  // A clock that is set back does not silence the log.
  clock.ms -= 3_600_000;
  await post(STRANGER);
  expect(log.of('callback_address_refused')).toHaveLength(3);
  for (const secret of [path, account, '<b>']) expect(log.text()).not.toContain(secret);
});

test('an address that is cut off is logged once a minute with a count', async () => {
  await using stack = await openClockedGateway(ADDRESSES('published'));
  const path = stack.gateway.callbackPath(stack.account, 'CarrierService');
  for (const _again of [1, 2]) await expect(stack.post(path, GOOD)).rejects.toThrow(/closed|reset|ECONN/);
  stack.clock.ms += 60_000;
  await expect(stack.post(path, GOOD)).rejects.toThrow(/closed|reset|ECONN/);
  expect(stack.log.of('callback_address_refused')).toMatchObject([
    { level: 40, remoteAddress: '127.0.0.1', count: 1 },
    { remoteAddress: '127.0.0.1', count: 2 },
  ]);
});

test('published addresses behind an https URL without a known proxy cause a warning: only the proxy’s own address would be seen', async () => {
  const env = { M2M_CALLBACK_ADDRESSES: 'published', M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com' };
  await using stack = await openClockedGateway(env);
  expect(stack.log.of('callback_addresses')).toMatchObject([
    { level: 30, status: 'published' },
    { level: 40, reason: expect.stringContaining('M2M_CALLBACK_PROXY_HOPS') },
  ]);
});

test.each([
  ['any', 'on loopback', { isOnLoopback: true, publicUrl: 'http://m2m.example.com' }],
  ['any', 'behind an https URL', { publicUrl: 'https://m2m.example.com' }],
  ['any', 'without a public URL', { publicUrl: null }],
  ['published or private', 'on an http URL', { publicUrl: 'http://m2m.example.com' }],
  ['published', 'behind a known proxy', { publicUrl: 'https://m2m.example.com', proxyHops: 1 }],
  ['published', 'behind a known proxy on loopback', { isOnLoopback: true, proxyHops: 2 }],
] as const)('auto is `%s` %s', (rule, _where, options) => {
  expect(new CallbackAddresses({ allowed: ['auto'], proxyHops: 0, isOnLoopback: false, publicUrl: null, ...options }).rule).toBe(rule);
});

test('on an http URL, auto takes the published addresses and private ones', () => {
  const addresses = new CallbackAddresses({ allowed: ['auto'], proxyHops: 0, isOnLoopback: false, publicUrl: 'http://m2m.example.com' });
  const client = (remoteAddress: string) =>
    addresses.allows(addresses.clientOf({ headers: { 'x-forwarded-for': PUBLISHED }, socket: { remoteAddress } as never }));
  for (const address of [...PUBLISHED_ADDRESSES, '127.0.0.1', '172.17.0.1', '::ffff:10.1.2.3', '100.64.0.1', 'fd00::1', 'fe80::1%eth0'])
    expect(client(address), address).toBe(true);
  for (const address of [STRANGER, `::ffff:${STRANGER}`, '137.117.33.108', '172.32.0.1', '100.128.0.1', '2001:db8::1', ''])
    expect(client(address), address).toBe(false);
});

test.each(['auto', 'any', 'published', '192.0.2.1', 'published,192.0.2.0/24', '2001:db8::/32, 10.0.0.0/8', '::1', '0.0.0.0/0'])(
  'M2M_CALLBACK_ADDRESSES=%s is a setting',
  (allowed) => {
    expect(VARIABLES.callbackAddresses.parse.safeParse(allowed).success).toBe(true);
  },
);

test.each([
  ['auto,192.0.2.1', 'auto beside other entries'],
  ['192.0.2.1,any', 'any beside other entries'],
  ['published,auto', 'auto beside other entries'],
  ['192.0.2.1,thingspace.verizon.com', 'the entry thingspace.verizon.com'],
  ['192.0.2', 'the entry 192.0.2,'],
  ['192.0.2.1/33', 'from 0 to 32'],
  ['2001:db8::/129', 'from 0 to 128'],
  ['192.0.2.1/', 'the entry 192.0.2.1/'],
  ['192.0.2.1/2/3', 'the entry 192.0.2.1/2/3'],
  ['192.0.2.1/255.255.255.0', 'the entry 192.0.2.1/255.255.255.0'],
  ['fe80::1%eth0', 'the entry fe80::1%eth0'],
  ['::ffff:192.0.2.0/120', 'write an IPv4 network as one'],
  [' , ', 'must be auto, any, published'],
  ['Published', 'the entry Published'],
])('M2M_CALLBACK_ADDRESSES=%s is refused, and the fault names the entry', (allowed, said) => {
  const simulator = { url: 'http://127.0.0.1:9/api', credentials: CREDENTIALS, accounts: [ACCOUNT] };
  expect(() => readConfig({ ...gatewayEnv(simulator, 'x'), M2M_CALLBACK_ADDRESSES: allowed })).toThrow(said);
});

const CREDENTIALS = { clientId: 'key', clientSecret: 'secret', username: 'user', password: 'password' };
