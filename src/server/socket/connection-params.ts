import { unauthenticatedError } from '../../resolvers/access/caller.ts';

/**
 * The key or token in `connectionParams`. Clients and explorers put it at the top or below `headers`, and write its name as they
 * write that of the header. What is no text, or an empty one, is as if it were not there.
 *
 * @throws GatewayError UNAUTHENTICATED when there are two that differ: nobody can say which is meant.
 */
export function readAuthorization(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const texts = [params, ...valuesOf(params, 'headers')].flatMap((map) => valuesOf(map, 'authorization')).filter(isText);
  const different = [...new Set(texts.map((text) => text.trim()))];
  if (different.length > 1) throw unauthenticatedError('INVALID', 'connectionParams has two different authorizations. Send one of them.');
  return different[0];
}

/** What the map has under the name, in any case. */
function valuesOf(map: unknown, name: string): unknown[] {
  if (typeof map !== 'object' || map === null || Array.isArray(map)) return [];
  return Object.entries(map).flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
