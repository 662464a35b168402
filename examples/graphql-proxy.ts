// The development server as a proxy for the gateway: the page and the gateway then have one origin.
import type { ServerOptions } from 'vite';

/** For `server.proxy` in vite.config.ts. */
export function graphqlProxy(gateway = 'http://127.0.0.1:4000'): NonNullable<ServerOptions['proxy']> {
  return { '/graphql': { target: gateway, changeOrigin: true, ws: true } };
}
