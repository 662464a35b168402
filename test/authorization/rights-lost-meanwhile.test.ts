import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { until } from '../support/until.ts';
import { ask } from './support/ask.ts';
import { auditOf } from './support/audit-of.ts';
import { openTwoOpen, type TwoOpen } from './support/two-open.ts';

let world: TwoOpen;
beforeAll(async () => {
  world = await openTwoOpen();
});
afterAll(() => world[Symbol.asyncDispose]());

const DEVICES =
  'devices: [{ deviceIds: [{ kind: EID, value: "89049032000000000000000000000001" }, { kind: ICCID, value: "89141390780800784259" }] }]';
const FAULTS = '... on InvalidInput { faults { code } }';

/** An action that is sent, and behind it one of each kind. */
const several = ({ mine }: TwoOpen) => `mutation {
  first: renewActivationCode(input: { accountName: "${mine.account}", ${DEVICES} }) { __typename }
  renew: renewActivationCode(input: { accountName: "${mine.account}", ${DEVICES} }) { __typename ${FAULTS} }
  cancel: cancelRequest(input: { requestId: "${mine.id}" }) { __typename ${FAULTS} }
  redrive: redriveDeadLetters(input: { ids: ["dead_1"] }) { outcome }
}`;

const LOST: readonly (readonly [how: string, lose: (key: TestKey) => Promise<void>])[] = [
  ['its key is revoked', (key) => key.revoke()],
  ['its account is taken away', (key) => key.change({ scopes: { [world.theirs.account]: ['read', 'write', 'admin'] } })],
];

/** Who may do everything, and its operation, whose first action has reached the carrier and is not answered yet. */
async function underWay(send: (key: TestKey) => void): Promise<{ readonly key: TestKey; readonly sent: number }> {
  const { simulator } = world.stack;
  const key = await makeKey(world.stack.gateway, { scopes: { '*': ['read', 'write', 'admin'] } });
  simulator.faults.add({ endpoint: 'renewActivationCode', latencyMs: 300, times: 1 });
  const sent = simulator.ledger.posts.length + 1;
  send(key);
  await simulator.ledger.until(({ posts }) => posts.length === sent);
  return { key, sent };
}

test.each(LOST)(
  'when %s, the actions of an operation that have not begun are not done, and the first is told what became of it',
  async (_how, lose) => {
    let answer: ReturnType<typeof ask> | undefined;
    const { key, sent } = await underWay(({ authorization }) => {
      answer = ask(world.url, authorization, { query: several(world) });
    });
    await lose(key);
    expect(JSON.parse((await answer)?.text ?? '')).toEqual({
      data: {
        first: { __typename: 'RenewActivationCodeAccepted' },
        renew: { __typename: 'InvalidInput', faults: [{ code: 'UNKNOWN_ACCOUNT' }] },
        cancel: { __typename: 'InvalidInput', faults: [{ code: 'NOT_FOUND' }] },
        redrive: [{ outcome: 'NOT_FOUND' }],
      },
    });
    expect(world.stack.simulator.ledger.posts).toHaveLength(sent);
  },
);

test.each(LOST)('the same over a WebSocket when %s, though nobody may be there to be told: the audit log tells', async (_how, lose) => {
  await using sockets = new AsyncDisposableStack();
  let opened: Promise<void> | undefined;
  const { key, sent } = await underWay((made) => {
    opened = RawWebSocket.ready(world.websocket, made.authorization).then((socket) => sockets.use(socket).subscribe('1', several(world)));
  });
  await opened;
  await lose(key);
  const audited = () => auditOf(world.stack, world.owner.authorization, key.caller);
  await until(async () => (await audited()).length === 3);
  expect((await audited()).map(({ action, outcome, code }) => [action, code ?? outcome])).toEqual([
    ['RENEW_ACTIVATION_CODE', 'CREATED'],
    ['RENEW_ACTIVATION_CODE', 'INVALID'],
    ['CANCEL_REQUEST', 'NOT_FOUND'],
  ]);
  expect(world.stack.simulator.ledger.posts).toHaveLength(sent);
});

test.each(['application/json', 'application/graphql-response+json', 'text/event-stream'])(
  'a key that is revoked while the body is on its way runs nothing of it (%s)',
  async (accept) => {
    const { simulator, gateway } = world.stack;
    const posts = simulator.ledger.posts.length;
    const key = await makeKey(gateway, { scopes: { '*': ['read', 'write', 'admin'] } });
    const body = JSON.stringify({ query: several(world) });
    const socket = await connected(world.url);
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${key.authorization}\r\nContent-Type: application/json\r\nAccept: ${accept}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    // It is told to go on when its headers were read.
    await once(socket, 'data');
    await key.revoke();
    const answer = text(socket);
    socket.end(body);
    expect(await answer).toContain('"code":"UNAUTHENTICATED"');
    expect(await answer).not.toContain('"data"');
    expect(await auditOf(world.stack, world.owner.authorization, key.caller)).toEqual([]);
    expect(simulator.ledger.posts).toHaveLength(posts);
  },
);

async function connected(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}
