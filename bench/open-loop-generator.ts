import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { callbackMessages, type CallbackMessage } from './callback-messages.ts';
import type { OpenLoad, OpenLoadResult } from './load-plan.ts';
import { serveCommands } from './serve-commands.ts';

/** Sends callbacks at a rate, in a process of its own. It opens a connection whenever all others wait for their answer. */
interface Prepared {
  readonly load: OpenLoad;
  readonly messages: readonly CallbackMessage[];
}

/** A callback that is unanswered this long after the end counts as refused. */
const PATIENCE_MS = 10_000;

let prepared: Prepared | null = null;

function prepare(load: OpenLoad): number {
  const messages = callbackMessages(load);
  prepared = { load, messages };
  return messages.length;
}

async function send(): Promise<OpenLoadResult> {
  if (!prepared) throw new Error('nothing is prepared');
  const { load, messages } = prepared;
  const { hostname, port } = new URL(load.url);
  const ackMs: number[] = [];
  const free: Socket[] = [];
  const sockets = new Set<Socket>();
  let sent = 0;
  let refused = 0;
  let inFlight = 0;
  let inTime = 0;
  const started = performance.now();
  const end = started + load.seconds * 1000;

  const sendOn = (socket: Socket, message: CallbackMessage): void => {
    const at = performance.now();
    let answered = false;
    inFlight++;
    const over = (status: number | undefined): void => {
      if (answered) return;
      answered = true;
      inFlight--;
      const now = performance.now();
      // The first digit of the status.
      if (status !== 0x32) refused++;
      else {
        ackMs.push(now - at);
        if (now <= end) inTime++;
      }
    };
    socket.removeAllListeners('data').once('data', (chunk) => {
      over(chunk[9]);
      free.push(socket);
      sendDue();
    });
    socket.removeAllListeners('close').once('close', () => {
      over(undefined);
      sockets.delete(socket);
    });
    socket.write(message.bytes);
  };
  const due = (): number => Math.min(messages.length, Math.floor(((Math.min(performance.now(), end) - started) / 1000) * load.perSecond));
  const sendDue = (): void => {
    for (let left = due() - sent; left > 0; left--) {
      const socket = free.pop() ?? (sockets.size < load.connections ? open() : undefined);
      const message = messages[sent];
      if (!socket || !message || performance.now() > end) return;
      if (socket.destroyed) continue;
      sent++;
      sendOn(socket, message);
    }
  };
  const open = (): Socket => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.on('error', () => undefined);
    sockets.add(socket);
    return socket;
  };

  while (performance.now() < end) {
    sendDue();
    await delay(1);
  }
  const asked = due();
  for (const patience = performance.now() + PATIENCE_MS; inFlight > 0 && performance.now() < patience;) await delay(10);
  for (const socket of sockets) socket.destroy();
  prepared = null;
  return {
    due: asked,
    inTime,
    refused: refused + inFlight,
    ackMs: Float64Array.from(ackMs),
  };
}

serveCommands({ prepare, send });
