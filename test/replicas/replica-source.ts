import { pathToFileURL } from 'node:url';
import type { readConfig } from '../../src/config/config.ts';
import type { Hub } from '../../src/datasources/request-log/hub.ts';
import type { JournaledIntake } from '../../src/datasources/request-log/journaled-intake.ts';
import type { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import type { startGateway } from '../../src/gateway.ts';
import { plantedTree, type Edit } from '../support/planted-tree.ts';

/** The code under test. It is loaded from this project, or from a copy whose code is changed. */
export interface ReplicaSource extends AsyncDisposable {
  readonly Hub: typeof Hub;
  readonly openPostgresStore: typeof openPostgresStore;
  readonly JournaledIntake: typeof JournaledIntake;
  readonly readConfig: typeof readConfig;
  readonly startGateway: typeof startGateway;
}

/** This project's own code. */
export function ownSource(): Promise<ReplicaSource> {
  return load(new URL('../../src/', import.meta.url), () => Promise.resolve());
}

/** The code of a copy of this project in which `edits` were made. */
export async function plantedSource(edits: readonly Edit[]): Promise<ReplicaSource> {
  const tree = await plantedTree(edits);
  return load(pathToFileURL(`${tree.path}/src/`), () => tree[Symbol.asyncDispose]());
}

async function load(folder: URL, dispose: () => PromiseLike<void>): Promise<ReplicaSource> {
  const part = async <Name extends keyof ReplicaSource>(file: string) =>
    (await import(new URL(file, folder).href)) as Pick<ReplicaSource, Name>;
  const log = 'datasources/request-log';
  return {
    ...(await part<'Hub'>(`${log}/hub.ts`)),
    ...(await part<'openPostgresStore'>(`${log}/postgres/open-postgres-store.ts`)),
    ...(await part<'JournaledIntake'>(`${log}/journaled-intake.ts`)),
    ...(await part<'readConfig'>('config/config.ts')),
    ...(await part<'startGateway'>('gateway.ts')),
    [Symbol.asyncDispose]: async () => dispose(),
  };
}
