import { ask, type Question } from '../../authorization/support/ask.ts';
import { RawWebSocket } from '../../support/raw-websocket.ts';
import type { Scanned, ScanningCaller } from './open-scanned.ts';
import { expectSilent } from './expect-silent.ts';

export interface TransportAnswer {
  readonly transport: 'HTTP' | 'SSE' | 'WebSocket';
  /** Of an answer over HTTP; of a socket that was closed, its code; null elsewhere. */
  readonly status: number | null;
  /** Everything that came. */
  readonly text: string;
  readonly data: unknown;
  readonly errors: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

type Result = { readonly data?: unknown; readonly errors?: TransportAnswer['errors'] };

/** One operation as HTTP, Server-Sent Events and WebSocket answer it to a caller; every answer was looked at for what nobody may learn. */
export async function overTransports(scanned: Scanned, caller: ScanningCaller, question: Question): Promise<readonly TransportAnswer[]> {
  const authorization = scanned.authorization[caller];
  const plain = await ask(scanned.url, authorization, question);
  const stream = await ask(scanned.url, authorization, question, 'text/event-stream');
  expectSilent(plain);
  expectSilent(stream);
  const [, event] = /^event: next\r?\ndata: (.*)$/m.exec(stream.text) ?? [];
  return [
    { transport: 'HTTP', status: plain.status, text: plain.text, ...partsOf(JSON.parse(plain.text) as Result) },
    { transport: 'SSE', status: stream.status, text: stream.text, ...partsOf(JSON.parse(event ?? stream.text) as Result) },
    await overSocket(scanned, authorization, question),
  ];
}

async function overSocket(scanned: Scanned, authorization: string | null, question: Question): Promise<TransportAnswer> {
  await using socket = await RawWebSocket.open(scanned.stack.gateway.urls.websocket);
  socket.send({ type: 'connection_init', payload: { authorization } });
  const greeting = await Promise.race([socket.message(({ type }) => type === 'connection_ack'), socket.closed]);
  if (typeof greeting === 'number') return { transport: 'WebSocket', status: greeting, text: socket.closeReason, ...partsOf({}) };
  socket.send({ id: '1', type: 'subscribe', payload: question });
  const told = await socket.ending('1');
  const text = JSON.stringify(told);
  expectSilent({ status: 200, headers: { 'content-type': 'application/json' }, text });
  const [first] = told;
  const result = first?.type === 'error' ? { errors: first.payload as TransportAnswer['errors'] } : (first?.payload as Result);
  return { transport: 'WebSocket', status: null, text, ...partsOf(result) };
}

function partsOf({ data = null, errors = [] }: Result): Pick<TransportAnswer, 'data' | 'errors'> {
  return { data, errors };
}
