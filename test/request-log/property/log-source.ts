import { pathToFileURL } from 'node:url';
import type { Hub } from '../../../src/datasources/request-log/hub.ts';
import type { readCallbackBody } from '../../../src/datasources/thingspace/wire/callback-body.ts';
import type { parseCallback } from '../../../src/datasources/thingspace/wire/callback.ts';
import type { evidenceOf } from '../../../src/datasources/thingspace/wire/evidence.ts';
import { plantedTree, type Edit } from '../../support/planted-tree.ts';
import type { openSqliteStore } from '../../../src/datasources/request-log/sqlite/open-sqlite-store.ts';

/** The code under test: the log, and the parser of the callback door. It is loaded from a copy whose code may be changed. */
export interface LogSource {
  readonly Hub: typeof Hub;
  readonly openSqliteStore: typeof openSqliteStore;
  readonly readCallbackBody: typeof readCallbackBody;
  readonly parseCallback: typeof parseCallback;
  readonly evidenceOf: typeof evidenceOf;
}

/** The log of a copy of this project in which `edits` were made. */
export async function plantedSource(edits: readonly Edit[]): Promise<AsyncDisposable & LogSource> {
  const tree = await plantedTree(edits);
  const load = async <Name extends keyof LogSource>(file: string) =>
    (await import(pathToFileURL(`${tree.path}/src/datasources/${file}`).href)) as Pick<LogSource, Name>;
  return {
    Hub: (await load<'Hub'>('request-log/hub.ts')).Hub,
    openSqliteStore: (await load<'openSqliteStore'>('request-log/sqlite/open-sqlite-store.ts')).openSqliteStore,
    readCallbackBody: (await load<'readCallbackBody'>('thingspace/wire/callback-body.ts')).readCallbackBody,
    parseCallback: (await load<'parseCallback'>('thingspace/wire/callback.ts')).parseCallback,
    evidenceOf: (await load<'evidenceOf'>('thingspace/wire/evidence.ts')).evidenceOf,
    [Symbol.asyncDispose]: () => tree[Symbol.asyncDispose](),
  };
}
