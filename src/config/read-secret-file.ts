import { readFileSync } from 'node:fs';

/** The text of a secret's file without one newline at its end, or what is wrong with the file. A secret may stand in place of the name, so neither is told. */
export function readSecretFile(path: string): { readonly value: string } | { readonly fault: string } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return { fault: `names a file that cannot be read (${code}).` };
  }
  try {
    // The byte order mark stays, so that it is told.
    const value = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '');
    return value === '' ? { fault: 'names an empty file.' } : { value };
  } catch {
    return { fault: 'names a file that is not UTF-8.' };
  }
}
