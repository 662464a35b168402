import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';

/** What becomes of a message that has arrived. `DIES`: its connection breaks without an answer. */
export type Fate = 'TAKEN' | 'DIES' | 'HANGS' | 'NO_ROOM';

export interface Arrived {
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** A server in the place of a gateway, with one port for all. It answers with its name, and echoes on WebSockets. */
export async function pretendGateway(name: string) {
  const arrived: Arrived[] = [];
  const gateway = { name, arrived, fate: 'TAKEN' as Fate };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      arrived.push({ body, headers: request.headers });
      answer(gateway.fate, name, request, response);
    });
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { headers }) => {
    arrived.push({ body: 'websocket', headers });
    socket.on('message', (data: Buffer) => socket.send(`${name}: ${data.toString()}`));
  });
  const { port, [Symbol.asyncDispose]: close } = await listenOnLoopback(server);
  return Object.assign(gateway, {
    ports: { graphql: port, callbacks: port },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      // A test may have closed it already.
      if (server.listening) await close();
    },
  });
}

function answer(fate: Fate, name: string, request: IncomingMessage, response: ServerResponse): void {
  switch (fate) {
    case 'TAKEN':
      response.end(name);
      return;
    case 'NO_ROOM':
      response.writeHead(503).end(name);
      return;
    case 'DIES':
      request.socket.destroy();
      return;
    case 'HANGS':
  }
}
