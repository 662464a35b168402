import type { Route } from './route.ts';

export interface MatchedRoute {
  readonly route: Route;
  readonly params: Record<string, string>;
}

/** Finds routes by method and path. Repeated slashes count as one: the pages print `/m2m/v1//devices/…`. */
export function createRouteMatcher(routes: readonly Route[]): (method: string, path: string) => MatchedRoute | undefined {
  const compiled = routes.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`),
  }));
  return (method, path) => {
    const single = path.replaceAll(/\/{2,}/g, '/');
    for (const { route, pattern } of compiled) {
      if (route.method !== method) continue;
      const match = pattern.exec(single);
      if (match === null) continue;
      const params = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decode(value)]);
      return { route, params: Object.fromEntries(params) };
    }
    return undefined;
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
