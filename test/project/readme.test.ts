import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { CANARIES } from '../canary/canaries.ts';
import { startStack } from '../support/stack.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const readme = read('README.md');
const docs = readdirSync(join(root, 'docs')).map((name) => `docs/${name}`);
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code = '']) => code.trimEnd());

test('every npm command of the documents is a script of the project, and CI runs the two main ones', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = ['README.md', 'CONTRIBUTING.md', ...docs].flatMap((file) =>
    [...read(file).matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)].map(([, name = '']) => name),
  );
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
  const ci = read('.ci/run');
  expect(ci).toContain('npm test');
  expect(ci).toContain('npm run --silent demo');
});

test('the client code of the README and of docs/clients.md is that of the examples, which are run by tests', () => {
  const examples = ['graphql-ws', 'apollo', 'urql'].map((client) => withoutIndent(read(`examples/follow-with-${client}.ts`)));
  const code = [readme, read('docs/clients.md')].flatMap((text) => blocks(text, 'ts'));
  expect(code).toHaveLength(3);
  for (const block of code)
    expect(
      examples.some((example) => example.includes(withoutIndent(block))),
      block,
    ).toBe(true);
});

test('the first mutation and subscription of the README work as they stand, with the failure it announces', async () => {
  await using stack = await startStack({ simulator: { magicIdentifiers: true } });
  const [mutation = '', subscription = ''] = blocks(readme, 'graphql');
  const made = await stack.query<{ activateDevices: { __typename: string; request: { id: string } } }>(mutation);
  expect(made.data?.activateDevices.__typename).toBe('ActivateDevicesAccepted');
  const requestId = made.data?.activateDevices.request.id;
  const events = await Array.fromAsync(stack.client().iterate({ query: subscription, variables: { requestId } }));
  expect(events.at(-1)).toMatchObject({
    data: { requestStatus: { status: 'PARTIALLY_FAILED', progress: { total: 2, settled: 2, succeeded: 1, failed: 1 } } },
  });
  expect(JSON.stringify(events)).toContain('REQUEST_FAILED.DeviceNotFound');
});

test('every file and heading that the documents link to is there, and docs/README.md names every page', () => {
  for (const file of ['README.md', 'CONTRIBUTING.md', 'bench/README.md', ...docs]) {
    const links = [...read(file).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = '']) => link);
    for (const link of links) {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      expect(existsSync(join(root, target)), `${file}: ${link}`).toBe(true);
      if (heading !== undefined) expect(headingsOf(target), `${file}: ${link}`).toContain(heading);
    }
  }
  const index = read('docs/README.md');
  for (const page of docs.filter((name) => name !== 'docs/README.md')) expect(index).toContain(`](${page.slice('docs/'.length)})`);
});

test('what the page on security says of the tests is so: each party that is not trusted has a folder, which is there, and the canaries are as many', () => {
  const security = read('docs/security.md');
  const parties = security
    .slice(0, security.indexOf('## Callers'))
    .split('\n')
    .filter((line) => /^\|.*\|$/.test(line))
    .slice(2);
  const places = parties.map((party) => [...party.matchAll(/`(test\/[^`]+)`/g)].map(([, place = '']) => place));
  expect(places.flat().filter((place) => !existsSync(join(root, place)))).toEqual([]);
  expect(parties.filter((party, at) => places[at]?.length === 0 && !party.includes('| trust |'))).toEqual([]);
  expect(parties.length).toBeGreaterThan(15);
  expect(security).toContain(` ${CANARIES.size} unique markers `);
});

function withoutIndent(code: string): string {
  return code.replace(/^\s+/gm, '');
}

/** As GitHub makes an anchor of a heading. */
function headingsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}
