import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'vite';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';

export type ClientName = 'apollo' | 'urql';

export interface FrontEndServer extends AsyncDisposable {
  readonly origin: string;
  /** From now on pages use this gateway. */
  useGateway(urls: { readonly graphql: string; readonly websocket: string }): void;
}

/** Builds the front end for browsers as old as Safari 16, and serves it from an origin of its own. */
export async function serveFrontEnd(client: ClientName): Promise<FrontEndServer> {
  const script = await bundle(client);
  let page = '';
  const server = createServer((request, response) => {
    if (request.url === '/') response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
    else if (request.url === '/app.js') response.setHeader('content-type', 'text/javascript; charset=utf-8').end(script);
    else response.writeHead(request.url === '/favicon.ico' ? 204 : 404).end();
  });
  const listening = await listenOnLoopback(server);
  return {
    origin: listening.origin,
    useGateway({ graphql, websocket }) {
      page = `<!doctype html><html lang="en" data-graphql="${graphql}" data-websocket="${websocket}"><title>Devices</title><body><script type="module" src="/app.js"></script></body></html>`;
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

async function bundle(client: ClientName): Promise<string> {
  const folder = join(import.meta.dirname, 'app');
  const built = await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    build: { write: false, minify: false, target: 'safari16', rolldownOptions: { input: join(folder, `main-${client}.tsx`) } },
  });
  if (!('output' in built)) throw new Error('Vite watches instead of building.');
  const [script, ...more] = built.output;
  if (more.length > 0) throw new Error(`The front end has more than one file: ${more.map(({ fileName }) => fileName).join(', ')}`);
  return script.code;
}
