import type { IncomingMessage } from 'node:http';

/**
 * The path of a request target, in one spelling for all that RFC 3986 (6.2.2) takes for equal: the host of an absolute form, the query,
 * percent-encoded letters, dot segments. Slashes that are doubled, or at the end, count for nothing.
 */
export function pathOf(target: string): string {
  const [path = ''] = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  const segments: string[] = [];
  for (const segment of path.replace(/%[\da-f]{2}/gi, decodeUnreserved).split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  return `/${segments.filter((segment) => segment !== '').join('/')}`;
}

function decodeUnreserved(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[\w.~-]/.test(character) ? character : encoded;
}

/** The codings that are on a body, in the order in which they were put on. Node takes chunks off, and no other coding. */
export function codingsOf({ headers }: Pick<IncomingMessage, 'headers'>): string | null {
  const transfer = (headers['transfer-encoding'] ?? '').replace(/(?:^|,)\s*chunked\s*$/i, '');
  return [headers['content-encoding'], transfer].filter(Boolean).join(', ') || null;
}

export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
