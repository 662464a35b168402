import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const ROOT = join(import.meta.dirname, '../../..');

export const readFile = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** All files below deploy/ that are in the repository, by their path in the project. The folder of made secrets is not. */
export const DEPLOY_FILES: readonly string[] = readdirSync(join(ROOT, 'deploy'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/secrets'))
  .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));

/**
 * The documents of a YAML file. A key that stands twice, or an unknown anchor, is an error. It is read as YAML 1.1, as Kubernetes reads
 * it: there a bare `on` is no text, and 0440 is octal.
 */
export function readYaml<Form>(file: string): Form[] {
  return parseAllDocuments(readFile(file), { version: '1.1', uniqueKeys: true }).map((document) => {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault) throw fault;
    return document.toJS() as Form;
  });
}
