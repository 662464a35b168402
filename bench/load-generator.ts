import { connect, type Socket } from 'node:net';
import { callbackBody } from './callback-body.ts';
import { serveCommands } from './serve-commands.ts';
import { wallClock, type Load, type LoadResult } from './load-plan.ts';

/**
 * Sends callbacks in a process of its own: the requests are built before the clock starts, go out over plain sockets, and of an
 * answer only its status is read, so that the generator takes as little of the machine as it can.
 */
interface Prepared {
  readonly load: Load;
  readonly firstDevice: number;
  readonly messages: readonly { readonly device: number; readonly bytes: Buffer }[];
}

let prepared: Prepared | null = null;

/** Devices of all requests in turn, as a carrier works through several requests at once. */
function prepare(load: Load): number {
  const { host, pathname } = new URL(load.url);
  const messages: { device: number; bytes: Buffer }[] = [];
  const most = Math.max(...load.requests.map(({ devices }) => devices));
  for (let place = 0; place < most; place++) {
    for (const { carrierRequestId, firstDevice, devices } of load.requests) {
      if (place >= devices) continue;
      const body = callbackBody(carrierRequestId, firstDevice + place);
      const head = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
      messages.push({ device: firstDevice + place, bytes: Buffer.from(head + body) });
    }
  }
  prepared = { load, firstDevice: Math.min(...load.requests.map(({ firstDevice }) => firstDevice)), messages };
  return messages.length;
}

async function send(): Promise<LoadResult> {
  if (!prepared) throw new Error('nothing is prepared');
  const { load, firstDevice, messages } = prepared;
  const sockets = await Promise.all(Array.from({ length: load.inFlight }, () => open(new URL(load.url))));
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
