import { connect, type Socket } from 'node:net';
import { callbackMessages, type CallbackMessage } from './callback-messages.ts';
import { serveCommands } from './serve-commands.ts';
import { wallClock, type Load, type LoadResult } from './load-plan.ts';

/**
 * Sends callbacks in a process of its own: the requests are built before the clock starts, go out over plain sockets, and of an
 * answer only its status is read, so that the generator takes as little of the machine as it can.
 */
interface Prepared {
  readonly load: Load;
  readonly firstDevice: number;
  readonly messages: readonly CallbackMessage[];
}

let prepared: Prepared | null = null;

function prepare(load: Load): number {
  const messages = callbackMessages(load);
  prepared = { load, firstDevice: Math.min(...load.requests.map(({ firstDevice }) => firstDevice)), messages };
  return messages.length;
}

async function send(): Promise<LoadResult> {
  if (!prepared) throw new Error('nothing is prepared');
  const { load, firstDevice, messages } = prepared;
  const urls = [load.url, ...(load.alternates ?? [])];
  const sockets = await Promise.all(Array.from({ length: load.inFlight }, (_, at) => open(new URL(urls[at % urls.length] ?? load.url))));
  const ackMs = new Float64Array(messages.length);
  const sentAt = new Float64Array(messages.length);
  let next = 0;
  let acknowledged = 0;
  let refused = 0;
  const started = performance.now();
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          let at = -1;
          let sent = 0;
          const sendNext = (): void => {
            at = next++;
            const message = messages[at];
            if (!message) return resolve();
            sent = performance.now();
            sentAt[message.device - firstDevice] = wallClock();
            socket.write(message.bytes);
          };
          socket.on('data', (chunk) => {
            // 'HTTP/1.1 ' and a status that begins with 2; the answers are far smaller than one segment.
            if (chunk[9] === 0x32) acknowledged++;
            else refused++;
            ackMs[at] = performance.now() - sent;
            sendNext();
          });
          socket.once('error', reject);
          socket.once('close', () => reject(new Error('the server closed a connection')));
          sendNext();
        }),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const socket of sockets) socket.removeAllListeners('close').destroy();
  prepared = null;
  return { acknowledged, refused, seconds, ackMs, sentAt };
}

function open(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

serveCommands({ prepare, send });
