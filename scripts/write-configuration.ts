import { readFileSync, writeFileSync } from 'node:fs';
import { describeVariable, VARIABLES } from '../src/config/config-variables.ts';

/** Writes the variables' descriptions into `.env.example` and into the tables of docs/configuration.md. */
const variables = Object.values(VARIABLES);

const example = variables.map(
  (spec) => `# ${describeVariable(spec)}\n${spec.fallback === undefined ? '' : '# '}${spec.name}=${spec.fallback ?? spec.example}\n`,
);
writeFileSync('.env.example', `${readFileSync('.env.example', 'utf8').split('\n\n')[0] ?? ''}\n\n${example.join('\n')}`);

const rows = variables.map((spec) => {
  const { name, fallback } = spec;
  const shown = fallback === undefined ? '**required**' : fallback === null ? '–' : `\`${fallback}\``;
  return [name, `| \`${name}\` | ${shown} | ${describeVariable(spec)} |`] as const;
});
const page = rows.reduce(
  (text, [name, row]) => text.replace(new RegExp(`^\\| \`${name}\` \\|.*$`, 'm'), () => row),
  readFileSync('docs/configuration.md', 'utf8'),
);
writeFileSync('docs/configuration.md', page);
