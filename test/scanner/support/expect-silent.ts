import { expect } from 'vitest';

/** Beside what the HTTP server of Node sends with everything: `date`, `connection`, `keep-alive`, and how the body is framed. */
const KNOWN_HEADERS: ReadonlySet<string> = new Set([
  'date',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'content-type',
  'cache-control',
  'allow',
  'vary',
  'www-authenticate',
  'retry-after',
  // `none`, of an event stream: graphql-yoga's way to keep proxies from compressing it, and so a mark of its own.
  'content-encoding',
  // `no`, of an event stream: nginx is not to hold it back.
  'x-accel-buffering',
  // What a developer has to set, for a page or a host that is refused.
  'm2m-refusal',
]);

/** What nobody may learn from an answer: what runs here, where, how long it took, and words that were not the asker's own. */
const TELLTALE =
  /Did you mean|\.[cm]?[jt]s:\d|\bat [\w.<>]+ \(|node_modules|node:internal|\/(?:src|home|root|work|usr)\/|SQLITE|sqlite|yoga|apollo|stacktrace|exception|tracing|INTERNAL_SERVER_ERROR/i;

export interface SeenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** An answer to a scanner: never a failure of ours (5xx), no page, no header or word that says more than it must. */
export function expectSilent({ status, headers, text }: SeenAnswer): void {
  expect(status).toBeLessThan(500);
  expect(Object.keys(headers).filter((name) => !KNOWN_HEADERS.has(name))).toEqual([]);
  expect(text).not.toMatch(TELLTALE);
  expect(text).not.toMatch(/<(?:!doctype|html|script)/i);
  if (text !== '') expect(String(headers['content-type'])).toMatch(/^(?:application\/(?:graphql-response\+)?json|text\/event-stream)\b/);
}
