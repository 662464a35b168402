import { pathToFileURL } from 'node:url';
import type { Hub } from '../../../src/datasources/request-log/hub.ts';
import type { readCallbackBody } from '../../../src/datasources/thingspace/wire/callback-body.ts';
import type { parseCallback } from '../../../src/datasources/thingspace/wire/callback.ts';
import type { evidenceOf } from '../../../src/datasources/thingspace/wire/evidence.ts';
import { plantedTree, type Edit } from '../../support/planted-tree.ts';

/** The code under test: the log, and the parser of the callback door. It is loaded from a copy whose code may be changed. */
export interface LogSource {
  readonly Hub: typeof Hub;
  readonly readCallbackBody: typeof readCallbackBody;
  readonly parseCallback: typeof parseCallback;
  readonly evidenceOf: typeof evidenceOf;
  /** What a file of the copy exports, for example a backend of the store. It is named below `src/datasources/`. */
  load<Module>(file: string): Promise<Module>;
}

/** The log of a copy of this project in which `edits` were made. */
export async function plantedSource(edits: readonly Edit[]): Promise<AsyncDisposable & LogSource> {
  const tree = await plantedTree(edits);
  const load = async <Module>(file: string) => (await import(pathToFileURL(`${tree.path}/src/datasources/${file}`).href)) as Module;
  const part = <Name extends keyof LogSource>(file: string) => load<Pick<LogSource, Name>>(file);
  return {
    Hub: (await part<'Hub'>('request-log/hub.ts')).Hub,
    readCallbackBody: (await part<'readCallbackBody'>('thingspace/wire/callback-body.ts')).readCallbackBody,
    parseCallback: (await part<'parseCallback'>('thingspace/wire/callback.ts')).parseCallback,
    evidenceOf: (await part<'evidenceOf'>('thingspace/wire/evidence.ts')).evidenceOf,
    load,
    [Symbol.asyncDispose]: () => tree[Symbol.asyncDispose](),
  };
}
