import { gzipSync } from 'node:zlib';
import { CALLBACK_PREFIX } from '../../../src/datasources/thingspace/wire/callback-service.ts';
import { RawWebSocket } from '../../support/raw-websocket.ts';
import { ACCOUNT, canary } from '../canaries.ts';
import type { GuardedStack } from './guarded-stack.ts';
import { ACTIVATE, activation, slimActivation } from './marked-inputs.ts';
import { probe, type Probe } from './probe.ts';

/** Asks without a valid key, in every way there is to show one. */
export function askAsStranger(stack: GuardedStack): Promise<number[]> {
  const url = stack.gateway.graphql;
  const body = JSON.stringify({ query: '{ __typename }' });
  const { owner } = stack.authorization;
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const jwt = `${encoded({ alg: 'RS256', kid: 'first' })}.${encoded({ sub: canary('wrongJwtClaim'), exp: 9_999_999_999 })}.${canary('wrongJwt')}`;
  return each(stack, [
    { url, body, headers: { authorization: `Bearer m2m_0123456789ab_${canary('wrongKey').padEnd(43, 'x')}` } },
    { url, body, headers: { authorization: `Bearer ${jwt}` } },
    { url, body, headers: { authorization: `Basic ${btoa(`user:${canary('wrongScheme')}`)}` } },
    { url: `${url}?access_token=${canary('queryToken')}`, body },
    { url, body, headers: { cookie: `session=${canary('cookie')}`, 'proxy-authorization': `Basic ${canary('proxyAuthorization')}` } },
    { url, body, headers: { authorization: owner, origin: canary('foreignOrigin') } },
    { url, body, headers: { authorization: owner, host: canary('unknownHost') } },
    { url, body: 'not JSON', headers: { authorization: owner, 'user-agent': canary('userAgent') } },
    { url: `${stack.gateway.callbacks}${CALLBACK_PREFIX}${canary('wrongPath')}`, body },
    { url: `${stack.gateway.admin}/keys/create`, body: `{"name":"${canary('adminKeyBody')}"` },
    { url: `${stack.gateway.admin}/${canary('adminPath')}`, body },
    { url: `${stack.gateway.admin}/store/purge?olderThanDays=${canary('adminDays')}`, body: '' },
  ]);
}

/** Sends bodies that are malformed or too large. */
export function sendBadBodies(stack: GuardedStack): Promise<number[]> {
  const url = stack.gateway.graphql;
  const headers = { authorization: stack.authorization.owner };
  const typed = (type: string) => ({ ...headers, 'content-type': type });
  const document = (name: Parameters<typeof canary>[0]) => `{ request(id: "${canary(name)}") { id } }`;
  const many = 'x'.repeat(2_000_000);
  return each(stack, [
    { url, headers, body: `{"query": ${canary('notJsonBody')}` },
    { url, headers, body: JSON.stringify(canary('notObjectBody')) },
    { url, headers, body: JSON.stringify([{ query: document('batchedBody') }]) },
    { url, headers, body: JSON.stringify({ query: '{ __typename }', variables: { many: canary('tooLargeBody') + many.repeat(5) } }) },
    { url, headers: typed('application/x-www-form-urlencoded'), body: `query=${encodeURIComponent(document('formBody'))}` },
    { method: 'GET', url: `${url}?query=${encodeURIComponent(document('getQuery'))}`, headers },
    { url, headers, body: JSON.stringify({ query: '{ __typename }', [canary('unknownBodyKey')]: 1 }) },
    {
      url,
      headers,
      body: JSON.stringify({ query: '{ __typename }', extensions: { persistedQuery: { sha256Hash: canary('extension') } } }),
    },
    { url: callbackUrl(stack), body: `{"requestId":"${canary('tooLargeCallback')}","comment":"${many}"}` },
    { url: callbackUrl(stack), headers: { 'content-encoding': canary('packedCallback') }, body: gzipSync('{}') },
  ]);
}

/** Sends documents and variables with every kind of fault. */
export async function sendBadOperations(stack: GuardedStack): Promise<void> {
  const documents = [
    `{ request(id: "1") "${canary('syntaxError')}" }`,
    `# ${canary('documentComment')}\n{ request(id: "1") { noSuchField } }`,
    `{ requests(first: "${canary('wrongLiteral')}") { nodes { id } } }`,
    `{ unclaimedCallbacks(first: { a: "${canary('wrongArgument')}" }) { nodes { id } } }`,
    `{ ${canary('misspeltField')} }`,
    `{ ${canary('alias')}: request(id: "${canary('wrongRequestId')}") { id } }`,
    `{ requests(after: "${canary('wrongPage')}") { nodes { id } } }`,
    `{ requests(accountName: "${canary('wrongAccount')}") { nodes { id } } }`,
  ];
  for (const document of documents) await stack.ask('owner', document);
  const body = JSON.stringify({ query: 'query A { __typename }', operationName: canary('operationName') });
  await probe(stack, { url: stack.gateway.graphql, headers: { authorization: stack.authorization.owner }, body });
  const filter = (value: unknown) =>
    stack.ask('owner', 'query ($filter: RequestFilter) { requests(filter: $filter) { nodes { id } } }', { filter: value });
  await filter({ status: [canary('wrongEnum')] });
  await filter({ since: canary('wrongDate') });
  await filter({ [canary('misspeltInput')]: true });
  await stack.ask('owner', 'query ($first: Int) { requests(first: $first) { nodes { id } } }', { first: canary('wrongInt') });
  const resolve = { requestId: canary('wrongRequestId'), carrierRequestId: canary('wrongCarrierRequestId') };
  await stack.ask(
    'owner',
    `mutation ($input: ResolveUnknownRequestInput!) { resolveUnknownRequest(input: $input) { ... on InvalidInput { message faults { message } } } }`,
    { input: resolve },
  );
}

/** Sends inputs that break the carrier's rules. The answer names the rule and never the value. */
export async function sendBadInputs(stack: GuardedStack): Promise<void> {
  const { primaryPlaceOfUse, ...rest } = activation();
  const place = primaryPlaceOfUse as { customerName: object; address: object };
  const inputs = [
    {
      ...rest,
      customFields: [{ key: canary('wrongCustomKey'), value: 'value' }],
      mdnZipCode: canary('wrongZip'),
      target: { devices: [{ deviceIds: [{ kind: 'ICCID', value: canary('wrongDeviceId') }] }] },
      primaryPlaceOfUse: {
        customerName: { ...place.customerName, firstName: canary('wrongFirstName') },
        address: {
          ...place.address,
          addressLine1: canary('wrongAddress'),
          phone: canary('wrongPhone'),
          emailAddress: canary('wrongEmail'),
        },
      },
    },
    { ...slimActivation('89148007301946284020'), accountName: canary('wrongAccount') },
    { ...slimActivation('89148007301946284021'), servicePlan: { name: canary('wrongScalar') } },
    { ...slimActivation('89148007301946284022'), primaryPlaceOfUse: canary('wrongScalar') },
  ];
  for (const input of inputs) {
    const { data } = await stack.ask('owner', ACTIVATE, { input });
    stack.evidence.note('refusals', 'faults of an input', JSON.stringify(data ?? null));
  }
}

/** The same for what is asked of the carrier. */
export async function sendBadQuestions(stack: GuardedStack): Promise<void> {
  const group = `mutation ($input: CreateDeviceGroupInput!) { createDeviceGroup(input: $input) {
    ... on InvalidInput { message faults { path message } } } }`;
  const input = {
    accountName: ACCOUNT,
    name: canary('wrongGroup'),
    description: 'text',
    devices: [{ kind: 'ICCID', value: canary('wrongDeviceId') }],
  };
  const { data } = await stack.ask('owner', group, { input });
  stack.evidence.note('refusals', 'faults of a group', JSON.stringify(data ?? null));
  const read = `query ($account: String!, $filter: DeviceListFilter, $id: DeviceIdentifierInput!) {
    device(accountName: $account, id: $id) { state } devices(accountName: $account, filter: $filter) { nodes { state } } }`;
  const [id, filter] = [{ kind: 'ICCID', value: canary('wrongDeviceId') }, { servicePlan: canary('wrongFilter') }];
  await stack.ask('owner', read, { account: ACCOUNT, id, filter });
  await stack.ask('owner', read, { account: canary('wrongAccount'), id, filter: {} });
}

/** Does the same over WebSockets, and breaks their own rules. */
export async function openBadSockets(stack: GuardedStack): Promise<void> {
  const url = stack.gateway.websocket;
  const { evidence } = stack;
  await Promise.all([
    probe(stack, { method: 'GET', url: `${stack.gateway.graphql}?token=${canary('upgradeToken')}`, headers: UPGRADE }),
    probe(stack, { method: 'GET', url: stack.gateway.graphql, headers: { ...UPGRADE, origin: canary('foreignOrigin') } }),
    probe(stack, { method: 'GET', url: stack.gateway.graphql, headers: { ...UPGRADE, 'sec-websocket-protocol': canary('subProtocol') } }),
  ]);
  const init = (payload: object) => ({ type: 'connection_init', payload });
  const ready = init({ authorization: stack.authorization.owner, [canary('connectionParam')]: canary('connectionParam') });
  const cursor = { query: 'subscription ($id: ID!, $after: Cursor) { requestStatus(requestId: $id, after: $after) { cursor } }' };
  const conversations: readonly (readonly (object | string)[])[] = [
    [init({ authorization: `Bearer m2m_0123456789ab_${canary('socketKey').padEnd(43, 'x')}` })],
    [ready, canary('socketNoise')],
    [ready, { type: canary('socketType') }],
    [
      ready,
      {
        id: canary('operationId'),
        type: 'subscribe',
        payload: { ...cursor, variables: { id: canary('wrongRequestId'), after: canary('wrongCursor') } },
      },
    ],
    [ready, { id: '1', type: 'subscribe', payload: { query: `{ requests(first: "${canary('wrongLiteral')}") { nodes { id } } }` } }],
    [ready, { id: '1', type: 'subscribe', payload: { query: `{ ${canary('syntaxError')} "` } }],
    [
      ready,
      { id: '1', type: 'subscribe', payload: { query: ACTIVATE, variables: { input: { primaryPlaceOfUse: canary('wrongScalar') } } } },
    ],
  ];
  for (const messages of conversations) {
    await using socket = await RawWebSocket.open(url, { headers: { cookie: canary('cookie') } });
    const [first = '', last] = messages;
    socket.send(first);
    if (last !== undefined) {
      await socket.message(({ type }) => type === 'connection_ack');
      socket.send(last);
    }
    const said = typeof last === 'object' && 'id' in last ? await socket.ending(String(last.id)) : await socket.closed;
    evidence.note('refusals', 'a WebSocket', JSON.stringify([said, socket.closeReason, socket.rest()]));
    evidence.witness('gateway answered', JSON.stringify(messages));
  }
}

/** Follows an existing request from a made-up cursor. */
export async function followBadCursor(stack: GuardedStack): Promise<void> {
  const { data } = await stack.ask<{ result: { request: { id: string } } }>('owner', ACTIVATE, {
    input: slimActivation('89148007301946284030'),
  });
  await using socket = await RawWebSocket.ready(stack.gateway.websocket, stack.authorization.owner);
  const query = 'subscription ($id: ID!, $after: Cursor) { requestStatus(requestId: $id, after: $after) { cursor } }';
  socket.subscribe('1', query, { id: data?.result.request.id, after: canary('wrongCursor') });
  const said = await socket.ending('1');
  stack.evidence.note('refusals', 'a cursor', JSON.stringify(said));
  stack.evidence.witness('gateway answered', canary('wrongCursor'));
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'graphql-transport-ws',
};

async function each(stack: GuardedStack, probes: readonly Probe[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const one of probes) statuses.push(await probe(stack, one));
  return statuses;
}

function callbackUrl(stack: GuardedStack): string {
  return `${stack.gateway.callbacks}${CALLBACK_PREFIX}${canary('path')}`;
}
