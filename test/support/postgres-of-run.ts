import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres, type PostgresServer } from './postgres-server.ts';
import { tempFolder } from './temp-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The socket on which the run's PostgreSQL is asked for. */
    readonly postgresSocket: string;
  }
}

/**
 * The PostgreSQL of a whole vitest run. It is started when the first test asks for it (0.9 s), so a run without such a test does not
 * wait. Who asks is told how to reach it, over a socket in a folder of our own: the answer has its password.
 */
export default async function preparePostgres(project: TestProject): Promise<() => Promise<void>> {
  const undo = new AsyncDisposableStack();
  const { path } = undo.use(await tempFolder());
  let started: Promise<PostgresServer> | undefined;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    started ??= startPostgres();
    started.then(
      (postgres) => socket.end(JSON.stringify({ place: postgres.url() })),
      (error: unknown) => socket.end(JSON.stringify({ failure: String(error) })),
    );
  });
  await new Promise<void>((resolve) => server.listen(join(path, 'socket'), resolve));
  undo.defer(async () => {
    server.close();
    await started?.then(
      (postgres) => postgres[Symbol.asyncDispose](),
      () => undefined,
    );
  });
  project.provide('postgresSocket', join(path, 'socket'));
  return () => undo.disposeAsync();
}
