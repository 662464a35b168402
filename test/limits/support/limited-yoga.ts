import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execute } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { createLogger } from '../../../src/logger.ts';
import { schema } from '../../../src/schema/index.ts';
import { createDocumentCaches, limitDocuments } from '../../../src/server/limits/limits-plugin.ts';
import { createTrustedDocuments, type TrustMode } from '../../../src/server/limits/trusted-documents.ts';
import { createMaskError } from '../../../src/server/graphql/mask-error.ts';
import { callerWith } from '../../support/caller-with.ts';

/** The real graph over an empty store behind a real port, with nothing around it but limits, trusted documents and masking. */
export async function startLimitedYoga(options: { readonly mode?: TrustMode; readonly documents?: ReadonlyMap<string, string> } = {}) {
  const { mode = 'off', documents = new Map<string, string>() } = options;
  const trusted = createTrustedDocuments({ mode, documents });
  const store = { requests: { list: () => Promise.resolve({ rows: [], hasMore: false }) } };
  const received: unknown[] = [];
  const watching: Plugin = {
    onParams: ({ params }) => void received.push(params),
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
  };
  const yoga = createYoga({
    schema,
    context: () => ({ caller: callerWith({ '*': ['read'] }), store }),
    maskedErrors: { maskError: createMaskError(createLogger({ level: 'silent' })), isDev: false },
    plugins: [watching, trusted.plugin, limitDocuments(trusted.isTrusted)],
    parserAndValidationCache: createDocumentCaches(),
    logging: false,
  });
  const server = createServer((request, response) => void yoga(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    /** The requests as they came, oldest first. */
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
