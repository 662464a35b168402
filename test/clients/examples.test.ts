import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { followWithApollo } from '../../examples/follow-with-apollo.ts';
import { followWithGraphqlWs } from '../../examples/follow-with-graphql-ws.ts';
import { followWithUrql } from '../../examples/follow-with-urql.ts';
import type { FollowOptions } from '../../examples/reconnecting-client.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { makeKey } from '../support/make-key.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { startTcpFaultProxy, type ConnectionFault } from '../support/tcp-fault-proxy.ts';

const DEVICES = 300;
const ON_NODE = { webSocketImpl: WebSocket, firstPauseMs: 8 };

describe.each<{ name: string; follow: (options: FollowOptions) => Promise<void> }>([
  { name: 'graphql-ws', follow: followWithGraphqlWs },
  { name: 'Apollo Client', follow: followWithApollo },
  { name: 'urql', follow: followWithUrql },
])('the example for $name', ({ follow }) => {
  test('shows its key on every connection, and gives up without one', async () => {
    await using stack = await startStack({ env: { M2M_AUTH: 'on' } });
    const { authorization } = await makeKey(stack.gateway, { scopes: { [stack.account]: ['read', 'write'] } });
    const asOurs = {
      ...stack,
      query: (document: string, variables?: Record<string, unknown>) => stack.query(document, variables, authorization),
    };
    const { id: requestId } = await activateDevices(asOurs as typeof stack, 20);
    let asked = 0;
    const seen: string[] = [];
    const options = {
      ...ON_NODE,
      url: stack.gateway.urls.websocket,
      requestId,
      onEvent: ({ status }: { status: string }) => void seen.push(status),
    };
    await follow({ ...options, authorization: () => (asked++, Promise.resolve(authorization)) });
    expect([asked, seen.at(-1)]).toEqual([1, 'SUCCEEDED']);
    await expect(follow({ ...options, authorization: () => 'Bearer nothing' })).rejects.toThrow();
  });

  test.each<{ what: string; how: 'close' | 'reset' | 'freeze'; latencyMs: number; least: number }>([
    { what: 'closed', how: 'close', latencyMs: 0, least: 5 },
    { what: 'reset, on a slow line', how: 'reset', latencyMs: 5, least: 3 },
    { what: 'frozen', how: 'freeze', latencyMs: 0, least: 2 },
  ])('is given every device exactly once while connections are $what at random places', async ({ how, latencyMs, least }) => {
    await using stack = await startStack({ simulator: { callbackDelayMs: [0, 600] } });
    const random = new SeededRandom();
    // A frozen line is only noticed after a while: few of them. The last connections are sound, so that it ends.
    const faultOf = (): ConnectionFault =>
      how === 'freeze' && proxy.struck > 2 ? {} : { afterBytes: random.between(200, how === 'freeze' ? 2_000 : 6_000), how, latencyMs };
    await using proxy = await startTcpFaultProxy(stack.gateway.urls.websocket, faultOf);
    const { id } = await activateDevices(stack, DEVICES);
    const ledger = new EventLedger(DEVICES);
    await follow({
      ...ON_NODE,
      keepAliveMs: how === 'freeze' ? 200 : 10_000,
      url: proxy.through(stack.gateway.urls.websocket),
      requestId: id,
      // An event that is bigger than what a connection lives for would never arrive.
      batchSize: 15,
      onEvent: (event) => ledger.add(event),
    });
    expect({ ...ledger.report(), status: ledger.status }, `seed ${random.seed}`).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
    expect(proxy.struck, `seed ${random.seed}`).toBeGreaterThanOrEqual(least);
  });

  test('goes on from a cursor kept from earlier, and ends at once when it is the last', async () => {
    await using stack = await startStack();
    const { id } = await activateDevices(stack, 5);
    const cursors: string[] = [];
    const options = { ...ON_NODE, url: stack.gateway.urls.websocket, requestId: id };
    await follow({ ...options, onEvent: ({ cursor }) => cursors.push(cursor) });
    await follow({ ...options, after: cursors.at(-1) ?? '', onEvent: ({ cursor }) => expect.unreachable(`an event after ${cursor}`) });
  });

  test('gives up a line that goes dead before the connection is open, and takes another', async () => {
    await using stack = await startStack();
    await using proxy = await startTcpFaultProxy(stack.gateway.urls.websocket, (connection) =>
      connection <= 2 ? { afterBytes: 20, how: 'freeze' } : {},
    );
    const { id } = await activateDevices(stack, 5);
    const seen: string[] = [];
    await follow({
      ...ON_NODE,
      keepAliveMs: 200,
      url: proxy.through(stack.gateway.urls.websocket),
      requestId: id,
      onEvent: ({ status }) => void seen.push(status),
    });
    expect([seen.at(-1), proxy.struck]).toEqual(['SUCCEEDED', 2]);
  });

  test.each(['NOT_FOUND', 'CURSOR_EXPIRED'])('gives up at once on %s', async (code) => {
    await using stack = await startStack();
    await using proxy = await startTcpFaultProxy(stack.gateway.urls.websocket, () => ({}));
    const { id } = await activateDevices(stack, 1);
    const ended = follow({
      ...ON_NODE,
      url: proxy.through(stack.gateway.urls.websocket),
      ...(code === 'NOT_FOUND' ? { requestId: `req_${'0'.repeat(26)}` } : { requestId: id, after: `1.${id}.00000000` }),
      onEvent: ({ cursor }) => expect.unreachable(`an event at ${cursor}`),
    });
    await expect(ended.catch((error: unknown) => codesIn(error))).resolves.toEqual([code]);
    expect(proxy.connections).toBe(1);
  });

  test('comes back when the gateway says when, and stops meanwhile when it is told to', async () => {
    await using stack = await startStack({ env: { M2M_CALLER_OPERATIONS_PER_MINUTE: '15' } });
    const { id } = await activateDevices(stack, 5);
    const said: string[] = [];
    const webSocketImpl = class extends WebSocket {
      constructor(address: string, protocol: string) {
        super(address, protocol);
        this.on('message', (message: Buffer) => void said.push(message.toString()));
      }
    };
    const refused = () => said.filter((message) => message.includes('"RATE_LIMITED","retryAfterMs"')).length;
    const seen: string[] = [];
    const options = {
      ...ON_NODE,
      webSocketImpl,
      url: stack.gateway.urls.websocket,
      requestId: id,
      onEvent: ({ status }: { status: string }) => void seen.push(status),
    };
    await untilLimited(stack);
    const stop = new AbortController();
    const stopped = follow({ ...options, signal: stop.signal });
    await expect.poll(refused, { interval: 5, timeout: 20_000 }).toBe(1);
    stop.abort();
    await stopped;
    expect(seen).toEqual([]);
    await untilLimited(stack);
    await follow(options);
    expect(seen.at(-1)).toBe('SUCCEEDED');
    expect(refused()).toBeGreaterThan(1);
  });

  test('ends with what its event handler throws, and without a further event', async () => {
    await using stack = await startStack();
    const { id } = await activateDevices(stack, 5);
    let events = 0;
    const onEvent = () => {
      events++;
      throw new Error('the page is gone');
    };
    const ended = follow({ ...ON_NODE, url: stack.gateway.urls.websocket, requestId: id, onEvent });
    await expect(ended).rejects.toThrow('the page is gone');
    expect(events).toBe(1);
  });

  test('stops when it is told to', async () => {
    await using stack = await startStack();
    stack.simulator.holdCallbacks();
    const { id } = await activateDevices(stack, 1);
    const stop = new AbortController();
    await follow({ ...ON_NODE, url: stack.gateway.urls.websocket, requestId: id, signal: stop.signal, onEvent: () => stop.abort() });
  });
});

/** Asks until the gateway has enough of it. */
async function untilLimited(stack: Stack): Promise<void> {
  while (!(await stack.query('{ __typename }')).errors);
}

/** The codes of the GraphQL errors, wherever the client keeps them. */
function codesIn(error: unknown): unknown[] {
  const { cause, errors, graphQLErrors } = error as Record<'cause' | 'errors' | 'graphQLErrors', unknown>;
  const list = (errors ?? graphQLErrors ?? cause) as readonly { extensions?: { code?: unknown } }[];
  return list.map(({ extensions }) => extensions?.code);
}
