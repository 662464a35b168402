import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** A line of a variable of ours, with what stands behind its name. */
const LINE = /^[ \t]*(?:export[ \t]+)?(M2M_\w+)[ \t]*(.*)$/;
/** The values that every reader of such files understands alike. A comment stands behind a blank. */
const QUOTED = /^=[ \t]*(?:'[^']*'|"[^"\\]*"|`[^`]*`)[ \t]*(?:#.*)?$/;
const PLAIN = /^=(?![ \t]*["'`])[^#]*(?:(?<=[ \t])#.*)?$/;

/**
 * Adds the variables of `.env` in the working directory, if there is one, to `env`. Variables that `env` has already keep their
 * values.
 *
 * @returns the faults of the file, each by the name of its variable and without its value. Node cuts `ab#cd` to `ab`, and `"a"b` to
 *   `a`, and other readers do not: such a password would be refused by the carrier, and nobody would know why.
 */
export function readEnvFile(env: Record<string, string | undefined>, file = '.env'): readonly string[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ENOENT') return [];
    return [`${file} cannot be read: ${error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : String(error.code)}.`];
  }
  const faults = text.split(/\r?\n/).flatMap((line, at) => {
    const [, name = '', rest = ''] = LINE.exec(line) ?? [];
    if (name === '' || env[name] !== undefined) return [];
    if (!rest.startsWith('=')) return [`${name} has no \`=\` behind it (${file}, line ${at + 1}).`];
    if (QUOTED.test(rest) || PLAIN.test(rest)) return [];
    return [
      `${name} can be read in two ways (${file}, line ${at + 1}): its \`#\` or its quotes may be a part of the value or not. Put the value into quotes that it does not have in it.`,
    ];
  });
  for (const [name, value] of Object.entries(parseEnv(text))) env[name] ??= value;
  return faults;
}
