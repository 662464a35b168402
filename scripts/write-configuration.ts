import { VARIABLES } from '../src/config/config-variables.ts';

/** Prints `.env.example` (default) or the README's configuration table (`--table`) from the configuration's own description. */
const table = process.argv.includes('--table');
const lines = table
  ? ['| variable | default | meaning |', '|---|---|---|']
  : [
      '# Configuration of the M2M GraphQL gateway: copy to .env, which `npm start` reads, or set in the environment.',
      '# What is commented out has the default shown (or, without a default, an example).',
      '',
    ];
for (const { name, fallback, example, description } of Object.values(VARIABLES)) {
  if (table)
    lines.push(
      `| \`${name}\` | ${fallback === undefined ? '**required**' : fallback === null ? '–' : `\`${fallback}\``} | ${description} |`,
    );
  else lines.push(`# ${description}`, `${fallback === undefined ? '' : '# '}${name}=${fallback ?? example}`, '');
}
process.stdout.write(`${lines.join('\n').trimEnd()}\n`);
