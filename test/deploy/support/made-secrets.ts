import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './deploy-files.ts';

/** Runs deploy/make-secrets.sh for this folder; what it prints. */
export function makeSecrets(folder: string): string {
  return execFileSync('sh', [join(ROOT, 'deploy/make-secrets.sh'), folder], { encoding: 'utf8' });
}

/** The environment with the files of secrets at the place where a test has made them. */
export function withSecretsAt(folder: string, mounted: string, env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace(`${mounted}/`, `${folder}/`)]));
}
