import WebSocket from 'ws';
import { ICCID_LENGTH, ICCID_PREFIX } from './callback-body.ts';
import { serveCommands } from './serve-commands.ts';
import { wallClock, type FollowPlan, type FollowResult } from './load-plan.ts';

/**
 * Followers in a process of their own, speaking graphql-transport-ws over `ws`. Frames are not parsed: the ICCIDs in them are
 * looked up in the bytes, so that many clients do not take the processor from the server that is measured.
 */
interface Watch {
  readonly request: number;
  readonly firstDevice: number;
  readonly at: Float64Array;
  readonly begun: PromiseWithResolvers<void>;
  missing: number;
}

interface Watching {
  readonly watches: Watch[];
  done: Promise<unknown>;
  readonly sockets: WebSocket[];
  /** After the first ones, which show what had happened before. */
  frames: number;
  bytes: number;
}

let watching: Watching | null = null;

async function follow({ url, followers, requests, query, awaitFirst }: FollowPlan): Promise<number> {
  const current: Watching = { watches: [], done: Promise.resolve(), sockets: [], frames: 0, bytes: 0 };
  watching = current;
  const subscriptions = Math.max(followers, requests.length);
  const ends: Promise<void>[] = [];
  for (let follower = 0; follower < followers; follower++) {
    const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
    current.sockets.push(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.send('{"type":"connection_init"}');
    await new Promise((resolve, reject) =>
      socket.once('message', resolve).once('close', (code) => reject(new Error(`closed with ${code}`))),
    );
    const watches = new Map<string, Watch>();
    for (let at = follower; at < subscriptions; at += followers) {
      const request = at % requests.length;
      const of = requests[request];
      if (!of) continue;
      const watch = {
        request,
        firstDevice: of.firstDevice,
        at: new Float64Array(of.devices),
        missing: of.devices,
        begun: Promise.withResolvers<void>(),
      };
      const id = String(at);
      watches.set(id, watch);
      current.watches.push(watch);
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables: { requestId: of.requestId } } }));
    }
    ends.push(listen(current, socket, watches));
  }
  current.done = Promise.all(ends);
  current.done.catch(() => undefined);
  if (awaitFirst) await Promise.race([current.done, Promise.all(current.watches.map(({ begun }) => begun.promise))]);
  Object.assign(current, { frames: 0, bytes: 0 });
  return current.watches.length;
}

/** Resolves once every device of every subscription of this socket has arrived. */
function listen(current: Watching, socket: WebSocket, watches: ReadonlyMap<string, Watch>): Promise<void> {
  let open = watches.size;
  return new Promise((resolve, reject) => {
    socket.on('message', (data) => {
      const frame = data as Buffer;
      const at = wallClock();
      const head = frame.toString('latin1', 0, 64);
      if (head.includes('"pong"') || head.includes('"ping"')) return;
      if (head.includes('"error"') || head.includes('"errors"')) return reject(new Error(frame.toString('utf8', 0, 500)));
      const watch = watches.get(/"id":"(\d+)"/.exec(head)?.[1] ?? '');
      if (!watch) return;
      current.frames++;
      current.bytes += frame.length;
      watch.begun.resolve();
      note(watch, frame, at);
      if (watch.missing === 0 && !head.includes('"complete"')) {
        watch.missing = -1;
        if (--open === 0) resolve();
      }
    });
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`a follower's socket was closed (${code})`)));
  });
}

function note(watch: Watch, frame: Buffer, at: number): void {
  for (let found = frame.indexOf(ICCID_PREFIX); found >= 0; found = frame.indexOf(ICCID_PREFIX, found + ICCID_LENGTH)) {
    const place = Number(frame.toString('latin1', found + ICCID_PREFIX.length, found + ICCID_LENGTH)) - watch.firstDevice;
    if (place < 0 || place >= watch.at.length || watch.at[place] !== 0) continue;
    watch.at[place] = at;
    watch.missing--;
  }
}

async function finish(patienceMs: number): Promise<FollowResult> {
  if (!watching) throw new Error('nobody follows');
  const { watches, done, sockets } = watching;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const patience = setTimeout(() => {
    const missing = watches.reduce((sum, watch) => sum + Math.max(0, watch.missing), 0);
    reject(new Error(`${missing} devices have not reached their followers`));
  }, patienceMs);
  try {
    await Promise.race([done, late]);
  } finally {
    clearTimeout(patience);
    for (const socket of sockets) socket.removeAllListeners('close').close();
  }
  const result = { arrivals: watches.map(({ request, at }) => ({ request, at })), frames: watching.frames, bytes: watching.bytes };
  watching = null;
  return result;
}

serveCommands({ follow, finish });
