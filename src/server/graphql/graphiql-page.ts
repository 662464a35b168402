import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';

/** A document GraphiQL opens with, in a tab named after its operation. */
export interface GraphiqlTab {
  readonly query: string;
  /** As JSON, laid out as it shall be shown. */
  readonly variables: string;
}

export interface GraphiqlPageOptions {
  readonly tabs: readonly GraphiqlTab[];
  /** Whether its user must say who they are: in the editor of headers, with every tab. */
  readonly authenticated: boolean;
}

interface Page {
  readonly compressed: Buffer;
  readonly tag: string;
}

/** The page brings everything along; should a part of it ask elsewhere, the browser refuses. Nor may another page frame it and lend it clicks. */
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

/** GraphiQL: one page of 9 MB, made when a browser first asks for it and kept compressed. */
export class GraphiqlPage {
  readonly #tabs: readonly GraphiqlTab[];
  readonly #authenticated: boolean;
  #page: Promise<Page> | undefined;

  constructor({ tabs, authenticated }: GraphiqlPageOptions) {
    this.#tabs = tabs;
    this.#authenticated = authenticated;
  }

  /** @throws when the page cannot be made; nothing has been written to `response` then. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { compressed, tag } = await (this.#page ??= this.#make());
    const headers = { ...HEADERS, etag: tag };
    if (request.headers['if-none-match']?.includes(tag)) {
      response.writeHead(304, headers).end();
    } else if (/\bgzip\b/.test(String(request.headers['accept-encoding']))) {
      response.writeHead(200, { ...headers, 'content-encoding': 'gzip', 'content-length': compressed.length }).end(compressed);
    } else {
      const plain = createGunzip();
      response.writeHead(200, headers);
      plain.end(compressed);
      // A browser that has left is no failure.
      await pipeline(plain, response).catch(() => undefined);
    }
  }

  async #make(): Promise<Page> {
    const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
    const html = renderGraphiQL({
      title: 'M2M GraphQL gateway',
      logo: LOGO,
      // Yoga's default is true: a key would stay in the browser's storage.
      shouldPersistHeaders: false,
      ...(this.#authenticated ? AUTHENTICATED_OPTIONS : { subscriptionsProtocol: 'WS', defaultEditorToolsVisibility: 'variables' }),
      // Without tabs of ours it opens with its own welcome; an empty list would leave it without any.
      ...(this.#tabs.length > 0 && { defaultTabs: this.#tabs.map(({ query, variables }) => ({ query, variables })) }),
    }) as string;
    const compressed = await promisify(gzip)(html.replace('<div id="root"></div>', (root) => `${root}${STILL_TABS}${this.#firstVisit()}`));
    return { compressed, tag: `W/"${createHash('sha256').update(compressed).digest('base64url')}"` };
  }

  /** GraphiQL knows the tab it opens with again, and shows its variables, only by what it keeps of the last visit: so the first has one too. */
  #firstVisit(): string {
    const [first] = this.#tabs;
    if (!first) return '';
    const kept = JSON.stringify({ 'graphiql:query': first.query, 'graphiql:variables': first.variables }).replaceAll(
      '<',
      String.raw`\u003c`,
    );
    return `<script>try { if (!localStorage.getItem('graphiql:tabState')) Object.assign(localStorage, ${kept}); } catch {}</script>`;
  }
}

/** GraphiQL sends the headers of its editor over HTTP only, never in a WebSocket's connection_init; and a subscription would be a GET, which the door refuses. */
const AUTHENTICATED_OPTIONS = {
  subscriptionsProtocol: 'SSE',
  method: 'POST',
  defaultEditorToolsVisibility: 'headers',
  headers: '{ "Authorization": "Bearer " }',
} as const;

/** Its tabs fly across the bar at the first press on one, away from under the mouse: the click would be lost. */
const STILL_TABS = '<style>.graphiql-tab { transform: none !important; }</style>';

/** A SIM card, in the colour of the text beside it. */
const LOGO =
  '<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" aria-hidden="true"><path d="M6 3h8l5 5v13H6z"/><path d="M9 11h7v7H9zM9 14.5h7M12.5 11v7"/></svg>';
