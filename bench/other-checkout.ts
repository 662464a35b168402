import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Another checkout of this project, with its own node_modules. Its gateway is measured beside this one. */
export interface OtherCheckout {
  /** URL of its src/main.ts. */
  readonly program: string;
  /** Names of the variables that its gateway knows. It refuses to start with any other that begins with M2M_. */
  readonly variables: ReadonlySet<string>;
}

/** @throws Error when the folder holds no gateway */
export function readCheckout(folder: string): OtherCheckout {
  const src = join(folder, 'src');
  const main = join(src, 'main.ts');
  const variables = new Set<string>();
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    for (const [name] of readFileSync(join(src, file), 'utf8').matchAll(/\bM2M_[A-Z0-9_]+/g)) variables.add(name);
  }
  readFileSync(main);
  return { program: pathToFileURL(main).href, variables };
}
