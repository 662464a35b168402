import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { Operation } from './define-operation.ts';

const folder = new URL('../operations/', import.meta.url);
/** `.ts` in the repository, `.js` in the package. */
const ending = extname(import.meta.url);

/** Every operation of the folder `operations/`: a file has one, or several that belong together. Throws at start when one has none. */
export const allOperations: readonly Operation[] = (
  await Promise.all(
    (await readdir(folder))
      .filter((file) => file.endsWith(ending))
      .toSorted()
      .map(readOperations),
  )
).flat();

async function readOperations(file: string): Promise<Operation[]> {
  const exported: Readonly<Record<string, unknown>> = await import(new URL(file, folder).href);
  const operations = Object.values(exported).filter((each) => each instanceof Operation);
  if (operations.length === 0) throw new Error(`simulator/operations/${file} exports no operation.`);
  return operations;
}
