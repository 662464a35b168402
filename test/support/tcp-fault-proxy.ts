import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What becomes of one connection. Bytes are those on their way from the server to the client. */
export interface ConnectionFault {
  /** After that many bytes: `close` ends it on both sides, `reset` sends an RST, `freeze` lets nothing through any more. */
  readonly afterBytes?: number;
  readonly how?: 'close' | 'reset' | 'freeze';
  /** Everything the server sends comes this much later. */
  readonly latencyMs?: number;
}

export interface TcpFaultProxy extends AsyncDisposable {
  /** `url` with this proxy's port instead of its own. */
  through(url: string): string;
  /** Connections taken so far. */
  readonly connections: number;
  /** Connections whose fault has struck. */
  readonly struck: number;
}

/** A TCP proxy on loopback in front of `targetUrl`; `faultOf` says what becomes of the 1st, 2nd, … connection. */
export async function startTcpFaultProxy(targetUrl: string, faultOf: (connection: number) => ConnectionFault): Promise<TcpFaultProxy> {
  const target = new URL(targetUrl);
  const open = new Set<Socket>();
  let connections = 0;
  let struck = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      socket.on('error', () => undefined);
    }
    forward(client, upstream, faultOf(++connections), () => struck++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    through(url) {
      const own = new URL(url);
      own.port = String(port);
      return own.href;
    },
    get connections() {
      return connections;
    },
    get struck() {
      return struck;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function forward(
  client: Socket,
  upstream: Socket,
  { afterBytes = Number.POSITIVE_INFINITY, how = 'close', latencyMs = 0 }: ConnectionFault,
  onStrike: () => void,
): void {
  let left = afterBytes;
  let frozen = false;
  const strike = () => {
    onStrike();
    if (how === 'freeze') {
      frozen = true;
      return;
    }
    if (how === 'reset') client.resetAndDestroy();
    else client.destroySoon();
    upstream.destroy();
  };
  const deliver = (chunk: Buffer) => {
    if (frozen || client.destroyed || left <= 0) return;
    const part = chunk.subarray(0, left);
    left -= part.length;
    if (!client.write(part)) {
      upstream.pause();
      client.once('drain', () => upstream.resume());
    }
    if (left <= 0) strike();
  };
  upstream.on('data', (chunk) => (latencyMs > 0 ? void setTimeout(deliver, latencyMs, chunk) : deliver(chunk)));
  client.on('data', (chunk) => void (frozen || upstream.write(chunk)));
  // A frozen connection looks alive from both ends, whatever the other end does.
  upstream.once('close', () => void (frozen || setTimeout(() => client.destroySoon(), latencyMs)));
  client.once('close', () => void (frozen || upstream.destroy()));
}
