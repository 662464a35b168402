import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { createLogger } from '../../src/logger.ts';
import { createMetrics } from '../../src/metrics.ts';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { Health } from '../../src/server/health.ts';
import { createGraphqlServer } from '../../src/server/graphql/graphql-http.ts';
import { createGraphql, type GraphqlOptions } from '../../src/server/graphql/graphql.ts';
import { createTrustedDocuments } from '../../src/server/limits/trusted-documents.ts';
import { DoorConnections } from '../../src/server/door-connections.ts';
import { OutgoingBytes } from '../../src/server/limits/outgoing-bytes.ts';
import { Origins } from '../../src/server/graphql/origins.ts';
import { openAdmission } from '../support/open-admission.ts';
import { send } from './support/send.ts';
import type { FlatStore } from '../support/flat-store.ts';

const SECRET = 'SQLITE_IOERR in /var/lib/m2m/gateway.sqlite with password hunter2';

test('an error nobody expected is logged and shown without its words', async () => {
  await using door = await doorOver(() => Promise.reject(new TypeError(SECRET)));
  const answer = await send(door.url, '{"query":"{ requests { nodes { id } } }"}');
  expect(answer.body).toMatchObject({ errors: [{ path: ['requests'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });
  expect(answer.text).not.toMatch(/SQLITE|hunter2|TypeError|\.ts|node_modules/);
  expect(door.logged()).toContain('graphql_unexpected_error');
});

test('a thrown value that is no error is masked too', async () => {
  // oxlint-disable-next-line prefer-promise-reject-errors
  await using door = await doorOver(() => Promise.reject(SECRET));
  const answer = await send(door.url, '{"query":"{ requests { nodes { id } } }"}');
  expect(answer.body).toMatchObject({ errors: [{ message: expect.any(String) }] });
  expect(answer.text).not.toMatch(/SQLITE|hunter2/);
});

test('an error of the gateway is shown with its message and code', async () => {
  await using door = await doorOver(() =>
    Promise.reject(new GatewayError('STORE_FAILED', 'The disk is full.', { cause: new Error(SECRET) })),
  );
  const answer = await send(door.url, '{"query":"{ requests { nodes { id } } }"}');
  expect(answer.body).toMatchObject({ errors: [{ message: 'The disk is full.', extensions: { code: 'STORE_FAILED' } }] });
  expect(answer.text).not.toMatch(/SQLITE|hunter2/);
});

/** The GraphQL door over a log whose lists do what the test says: the one place where a stub stands for the store. */
async function doorOver(list: FlatStore['list']) {
  let logged = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  const audit = { recordAudit: () => Promise.resolve() };
  const parts = { store: { requests: { list }, audit }, limits: { maxCost: 50_000 } } as unknown as GraphqlOptions['parts'];
  const logger = createLogger({ level: 'info', destination });
  const metrics = createMetrics();
  const trusted = createTrustedDocuments({ mode: 'off', documents: new Map() });
  const outgoing = new OutgoingBytes();
  const admission = openAdmission({ audit, logger, outgoing });
  const connections = new DoorConnections({ listener: 'graphql', logger, metrics });
  const graphql = createGraphql({
    parts,
    trusted,
    admission,
    outgoing,
    openPerCaller: 10,
    scheduler: new FairScheduler(),
    maxBodyBytes: 100_000,
    logger,
    metrics,
  });
  const health = new Health({ isLive: () => Promise.resolve(true), isReady: () => Promise.resolve(true) });
  const authenticator = { identify: () => Promise.resolve(LOCAL_IDENTITY) };
  const common = { graphql, connections, outgoing, authenticator, origins: new Origins([]), logger, metrics };
  const server = createGraphqlServer({ ...common, maxBodyBytes: 100_000, hosts: ['127.0.0.1'], neighbours: null, health, graphiql: null });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    logged: () => logged,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
