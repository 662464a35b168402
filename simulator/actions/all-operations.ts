import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { Operation } from './define-operation.ts';

const folder = new URL('../operations/', import.meta.url);
/** `.ts` in the repository, `.js` in the package. */
const ending = extname(import.meta.url);

/** Every operation of the folder `operations/`: one in each file. Throws at start when a file has none. */
export const allOperations: readonly Operation[] = await Promise.all(
  (await readdir(folder))
    .filter((file) => file.endsWith(ending))
    .toSorted()
    .map(readOperation),
);

async function readOperation(file: string): Promise<Operation> {
  const exported: Readonly<Record<string, unknown>> = await import(new URL(file, folder).href);
  const operation = Object.values(exported).find((each) => each instanceof Operation);
  if (operation === undefined) throw new Error(`simulator/operations/${file} exports no operation.`);
  return operation;
}
