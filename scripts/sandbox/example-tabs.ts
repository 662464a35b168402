import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { GraphiqlTab } from '../../src/server/graphql/graphiql-page.ts';

const FOLDER = new URL('../../documents/examples/', import.meta.url);

/** The URL of the simulated carrier's admin API that the examples name. */
const USUAL_ADMIN_URL = 'http://127.0.0.1:8091/admin';

/** The example operations for GraphiQL, in the order of their numbers, each with its variables. */
export async function exampleTabs(simulatorAdminUrl: string = USUAL_ADMIN_URL): Promise<GraphiqlTab[]> {
  const documents = (await readdir(FOLDER)).filter((name) => name.endsWith('.graphql')).toSorted();
  return Promise.all(
    documents.map(async (name) => ({
      query: (await text(name)).replaceAll(USUAL_ADMIN_URL, simulatorAdminUrl),
      variables: await text(`${basename(name, '.graphql')}.variables.json`),
    })),
  );
}

/** GraphiQL names a tab after its operation. */
export function nameOfTab({ query }: Pick<GraphiqlTab, 'query'>): string {
  return /^(?:mutation|query|subscription) (\w+)/m.exec(query)?.[1] ?? '';
}

async function text(name: string): Promise<string> {
  return (await readFile(new URL(name, FOLDER), 'utf8')).trimEnd();
}
