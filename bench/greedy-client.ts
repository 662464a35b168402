import { Agent, request as httpRequest } from 'node:http';
import WebSocket from 'ws';
import { DEVICE_FIELDS } from './load-plan.ts';
import { serveCommands } from './serve-commands.ts';

/** What a client in a process of its own asks for: as much as it may. It throws away what it gets. */
export interface Greed {
  readonly kind: 'follow' | 'ask';
  readonly url: string;
  readonly requestId: string;
  /** Devices of the request: pages of up to 1,000 of them are asked for. */
  readonly devices: number;
  /** Subscriptions, or queries under way. */
  readonly count: number;
}

const PAGE = `nodes { ${DEVICE_FIELDS} }`;
const FOLLOW = `subscription ($id: ID!, $page: Int!) { requestStatus(requestId: $id, batchSize: 1) { cursor request { outcomes(first: $page) { ${PAGE} } } } }`;
const ASK = `query ($id: ID!) { a: request(id: $id) { ...All } b: request(id: $id) { ...All } c: request(id: $id) { ...All } } fragment All on Request { outcomes(first: 1000) { ${PAGE} } }`;
const SUBSCRIPTIONS_OF_A_SOCKET = 100;

let ended = false;
let got = 0;
let stop: () => void = () => undefined;

async function begin(greed: Greed): Promise<void> {
  ended = false;
  got = 0;
  if (greed.kind === 'ask') return ask(greed);
  const sockets = await Promise.all(
    Array.from({ length: Math.ceil(greed.count / SUBSCRIPTIONS_OF_A_SOCKET) }, (_, number) => follow(greed, number)),
  );
  stop = () => sockets.forEach((socket) => socket.terminate());
}

async function follow({ url, requestId, devices, count }: Greed, number: number): Promise<WebSocket> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send('{"type":"connection_init"}');
  await new Promise((resolve, reject) => socket.once('message', resolve).once('close', (code) => reject(new Error(`closed with ${code}`))));
  socket.on('message', () => void got++);
  const first = number * SUBSCRIPTIONS_OF_A_SOCKET;
  for (let at = first; at < Math.min(count, first + SUBSCRIPTIONS_OF_A_SOCKET); at++) {
    // Each has a page size of its own, so that no two share an execution.
    const page = Math.min(devices, 1_000) - (at % 900);
    socket.send(JSON.stringify({ id: String(at), type: 'subscribe', payload: { query: FOLLOW, variables: { id: requestId, page } } }));
  }
  return socket;
}

function ask({ url, requestId, count }: Greed): void {
  const agent = new Agent({ keepAlive: true });
  const body = JSON.stringify({ query: ASK, variables: { id: requestId } });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const again = (): void => {
    if (ended) return;
    const sent = httpRequest(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().once('end', () => {
        got++;
        again();
      });
    });
    sent.once('error', again).end(body);
  };
  stop = () => agent.destroy();
  for (let at = 0; at < count; at++) again();
}

/** How many events or answers it got. */
function end(): number {
  ended = true;
  stop();
  return got;
}

serveCommands({ begin, end });
