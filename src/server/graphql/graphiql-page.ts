import { createHash } from 'node:crypto';
import { prefersGzip } from './accepted-types.ts';
import { withoutErrorPanel } from './graphiql-without-key.ts';
import { connectionEnd } from '../../lib/connection-end.ts';
import { writeUntilTaken } from '../../lib/write-until-taken.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';

/** A document that GraphiQL opens in a tab, which gets the name of its operation. */
export interface GraphiqlTab {
  readonly query: string;
  readonly variables: string;
}

export interface GraphiqlPageOptions {
  readonly tabs: readonly GraphiqlTab[];
  /** Whether its user must send a key or token, in the editor of headers of every tab. */
  readonly authenticated: boolean;
}

/** The page contains everything it needs, and the browser lets it ask nobody else. No other page may frame it and steal its clicks. */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-cache',
  vary: 'accept, accept-encoding',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'unsafe-inline' 'unsafe-eval' blob:",
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

/** GraphiQL is one page of 9 MB. It is made when a browser first asks for it, and kept compressed. */
export class GraphiqlPage {
  readonly #options: GraphiqlPageOptions;
  #page: Promise<{ readonly compressed: Buffer; readonly tag: string }> | undefined;

  constructor(options: GraphiqlPageOptions) {
    this.#options = options;
  }

  /** @throws when the page cannot be made. Nothing has been written to `response` then. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { compressed, tag } = await (this.#page ??= this.#make());
    const headers = { ...HEADERS, etag: tag };
    if (request.headers['if-none-match']?.includes(tag)) {
      response.writeHead(304, headers).end();
    } else if (prefersGzip(request.headers['accept-encoding']?.toString())) {
      response.writeHead(200, { ...headers, 'content-encoding': 'gzip', 'content-length': compressed.length });
      await writeUntilTaken(response, compressed, { gone: connectionEnd(request.socket), end: true });
    } else {
      const plain = createGunzip();
      response.writeHead(200, headers);
      plain.end(compressed);
      await pipeline(plain, response).catch(() => undefined);
    }
  }

  async #make() {
    const { tabs, authenticated } = this.#options;
    const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
    const html = renderGraphiQL({
      title: 'M2M GraphQL gateway',
      logo: LOGO,
      favicon: `data:image/svg+xml,${encodeURIComponent(LOGO.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" '))}`,
      // With yoga's default (true) a key would stay in the browser's storage.
      shouldPersistHeaders: false,
      ...(authenticated ? AUTHENTICATED_OPTIONS : { subscriptionsProtocol: 'WS', defaultEditorToolsVisibility: 'variables' }),
      // An empty list would leave GraphiQL without any tab. Without a list it opens with its own welcome.
      ...(tabs.length > 0 && { defaultTabs: tabs.map(({ query, variables }) => ({ query, variables })) }),
    }) as string;
    const added = STILL_TABS + (authenticated ? withoutErrorPanel() : '') + (tabs[0] ? renderFirstVisit(tabs[0]) : '');
    const compressed = await promisify(gzip)(html.replace('<div id="root"></div>', (root) => root + added));
    return { compressed, tag: `W/"${createHash('sha256').update(compressed).digest('base64url')}"` };
  }
}

/** GraphiQL shows the variables of its first tab only if they are in the storage of an earlier visit. So this script puts them there. */
function renderFirstVisit({ query, variables }: GraphiqlTab): string {
  const kept = JSON.stringify({ 'graphiql:query': query, 'graphiql:variables': variables }).replaceAll('<', String.raw`\u003c`);
  return `<script>try { if (!localStorage.getItem('graphiql:tabState')) Object.assign(localStorage, ${kept}); } catch {}</script>`;
}

/** GraphiQL sends the headers of its editor only over HTTP, and not in connection_init. By default it subscribes with GET, which the door refuses. */
const AUTHENTICATED_OPTIONS = {
  subscriptionsProtocol: 'SSE',
  method: 'POST',
  defaultEditorToolsVisibility: 'headers',
  headers: '{ "Authorization": "Bearer " }',
} as const;

/** At the first press on a tab, the tabs move away from under the mouse, and the click would be lost. */
const STILL_TABS = '<style>.graphiql-tab { transform: none !important; }</style>';

const LOGO =
  '<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" aria-hidden="true"><path d="M6 3h8l5 5v13H6z"/><path d="M9 11h7v7H9zM9 14.5h7M12.5 11v7"/></svg>';
