import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { GraphqlAnswer } from './stack.ts';

export interface SseMessage {
  readonly event: string;
  readonly data: string;
}

/** One operation as Server-Sent Events: every message until the stream ends, or the reader leaves. */
export async function* readSse(
  url: string,
  query: string,
  variables: Record<string, unknown>,
  authorization?: string,
): AsyncGenerator<SseMessage, void, void> {
  const response = await open(url, JSON.stringify({ query, variables }), authorization);
  try {
    let text = '';
    response.setEncoding('utf8');
    for await (const chunk of response) {
      const blocks = (text += chunk as string).split(/\r?\n\r?\n/);
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const message = parse(block);
        if (message) yield message;
      }
    }
  } finally {
    response.destroy();
  }
}

/** The results among the messages. */
export async function* sseResults<Data>(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
): AsyncGenerator<GraphqlAnswer<Data>, void, void> {
  for await (const { event, data } of readSse(url, query, variables)) {
    if (event === 'complete') return;
    if (event === 'next') yield JSON.parse(data) as GraphqlAnswer<Data>;
  }
}

function open(url: string, body: string, authorization?: string): Promise<IncomingMessage> {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    accept: 'text/event-stream',
    ...(authorization !== undefined && { authorization }),
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', headers }, (response) => {
      if (response.headers['content-type']?.startsWith('text/event-stream')) return resolve(response);
      response.destroy();
      reject(new Error(`not a stream of events: ${response.statusCode ?? 0} ${response.headers['content-type'] ?? ''}`));
    });
    request.once('error', reject);
    request.end(body);
  });
}

/** Null for a comment, which keeps the line alive. */
function parse(block: string): SseMessage | null {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    if (line.startsWith('data:')) data.push(line.slice(5).trim());
  }
  return event === 'message' && data.length === 0 ? null : { event, data: data.join('\n') };
}
