import WebSocket from 'ws';
import type { FollowPlan, FollowResult } from './load-plan.ts';
import { serveCommands } from './serve-commands.ts';

/**
 * Followers of a whole account in a process of their own, each on its own socket. Frames are not parsed: a follower is done when it was
 * told as often as there are requests that one has succeeded.
 */
interface Following {
  readonly sockets: readonly WebSocket[];
  done: Promise<unknown>;
  frames: number;
  bytes: number;
}

const DONE = '"status":"SUCCEEDED"';

let following: Following | null = null;

async function follow({ url, followers, requests, query }: FollowPlan): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: followers }, () => open(url)));
  const begun: Promise<void>[] = [];
  const ends: Promise<void>[] = [];
  const current: Following = { sockets, done: Promise.resolve(), frames: 0, bytes: 0 };
  for (const socket of sockets) {
    const first = Promise.withResolvers<void>();
    begun.push(first.promise);
    ends.push(listen(current, socket, requests.length, first.resolve));
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  }
  following = current;
  current.done = Promise.all(ends);
  current.done.catch(() => undefined);
  await Promise.race([current.done, Promise.all(begun)]);
  return followers;
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send('{"type":"connection_init"}');
  await new Promise((resolve, reject) => socket.once('message', resolve).once('close', (code) => reject(new Error(`closed with ${code}`))));
  return socket;
}

/** Resolves when all requests have succeeded. The first frame has only a cursor. */
function listen(current: Following, socket: WebSocket, requests: number, onFirst: () => void): Promise<void> {
  let left = requests;
  let isFirst = true;
  return new Promise((resolve, reject) => {
    socket.on('message', (data) => {
      const frame = data as Buffer;
      const head = frame.toString('latin1', 0, 64);
      if (head.includes('"pong"') || head.includes('"ping"')) return;
      if (head.includes('"error"') || head.includes('"errors"')) return reject(new Error(frame.toString('utf8', 0, 500)));
      if (isFirst) {
        isFirst = false;
        return onFirst();
      }
      current.frames++;
      current.bytes += frame.length;
      for (let at = frame.indexOf(DONE); at >= 0; at = frame.indexOf(DONE, at + DONE.length)) left--;
      if (left <= 0) resolve();
    });
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`a follower's socket was closed (${code})`)));
  });
}

async function finish(patienceMs: number): Promise<FollowResult> {
  if (!following) throw new Error('nobody follows');
  const { sockets, done } = following;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const patience = setTimeout(() => reject(new Error('not all requests have reached their followers')), patienceMs);
  try {
    await Promise.race([done, late]);
  } finally {
    clearTimeout(patience);
    for (const socket of sockets) socket.removeAllListeners('close').close();
  }
  const { frames, bytes } = following;
  following = null;
  return { arrivals: [], frames, bytes };
}

serveCommands({ follow, finish });
