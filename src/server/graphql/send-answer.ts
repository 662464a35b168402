import type { ServerResponse } from 'node:http';
import { writeUntilTaken } from '../../lib/write-until-taken.ts';
import type { OutgoingBytes } from '../limits/outgoing-bytes.ts';
import { COMMENT, COMPLETE } from './event-stream.ts';

export interface SendOptions {
  /** Aborts when the connection of the client has ended. */
  readonly gone: AbortSignal;
  readonly outgoing: OutgoingBytes;
  readonly callerId: string;
  /** How long an event stream may be silent. */
  readonly keepAliveMs: number;
}

/**
 * Sends an answer. What is on its way is counted until it is taken. Yoga's own way of sending counts nothing, and leaves a stream
 * open whose client has left before it was begun.
 *
 * @param messages of an answer that is a stream of events.
 */
export async function sendAnswer(
  answer: Response,
  messages: AsyncIterable<string> | undefined,
  response: ServerResponse,
  { gone, outgoing, callerId, keepAliveMs }: SendOptions,
): Promise<void> {
  const send = async (bytes: Buffer, end: boolean): Promise<void> => {
    using _held = outgoing.hold(callerId, bytes.length);
    await writeUntilTaken(response, bytes, { gone, end });
  };
  const body = messages ? null : Buffer.from(await answer.arrayBuffer());
  if (gone.aborted) return;
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  if (!messages) {
    if (body) response.setHeader('content-length', body.length);
    return send(body ?? Buffer.alloc(0), true);
  }
  let isIdle = false;
  const sendNext = async (text: string): Promise<void> => {
    isIdle = false;
    await send(Buffer.from(text), false);
    isIdle = true;
  };
  const keepAlive = setInterval(() => {
    if (isIdle) void sendNext(COMMENT);
  }, keepAliveMs);
  try {
    // Some browsers tell a page of the stream only when something of it has come.
    await sendNext(COMMENT);
    for await (const message of messages) {
      if (gone.aborted) return;
      await sendNext(message);
    }
  } finally {
    clearInterval(keepAlive);
  }
  await send(Buffer.from(COMPLETE), true);
}
