import { readFileSync, writeFileSync } from 'node:fs';
import { VARIABLES } from '../src/config/config-variables.ts';

/** Writes the variables' descriptions into `.env.example` and into the tables of docs/configuration.md. */
const variables = Object.values(VARIABLES);

const example = variables.map(
  ({ name, fallback, example, description }) => `# ${description}\n${fallback === undefined ? '' : '# '}${name}=${fallback ?? example}\n`,
);
writeFileSync('.env.example', `${readFileSync('.env.example', 'utf8').split('\n\n')[0] ?? ''}\n\n${example.join('\n')}`);

const rows = variables.map(({ name, fallback, description }) => {
  const shown = fallback === undefined ? '**required**' : fallback === null ? '–' : `\`${fallback}\``;
  return [name, `| \`${name}\` | ${shown} | ${description} |`] as const;
});
const page = rows.reduce(
  (text, [name, row]) => text.replace(new RegExp(`^\\| \`${name}\` \\|.*$`, 'm'), () => row),
  readFileSync('docs/configuration.md', 'utf8'),
);
writeFileSync('docs/configuration.md', page);
