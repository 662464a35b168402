import { generate } from '@graphql-codegen/cli';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'vite';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import codegenConfig from '../../examples/codegen-config.ts';
import { followWithGraphqlWs } from '../../examples/follow-with-graphql-ws.ts';
import { graphqlProxy } from '../../examples/graphql-proxy.ts';
import { watchRequests, type Row } from '../../examples/live-table.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { openSandbox } from '../support/open-sandbox.ts';
import { graphql, startStack } from '../support/stack.ts';

const root = join(import.meta.dirname, '../..');
const withoutIndent = (code: string) => code.replace(/^\s+/gm, '');
const filesOf = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => withoutIndent(readFileSync(join(root, folder, name), 'utf8')));

test('the code of docs/front-end.md is that of the examples and of the front end in test/browser, which are run by tests', () => {
  const files = ['examples', 'test/browser/front-end/app'].flatMap(filesOf);
  const page = readFileSync(join(root, 'docs/front-end.md'), 'utf8');
  const blocks = [...page.matchAll(/```tsx?\n([\s\S]*?)```/g)].map(([, code = '']) => withoutIndent(code));
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks)
    expect(
      files.some((file) => file.includes(block)),
      block,
    ).toBe(true);
});

test('behind the development proxy of Vite a page activates devices and follows them, under its own origin', async () => {
  await using sandbox = await openSandbox();
  const { graphql: url } = sandbox.gateway.urls;
  await using undo = new AsyncDisposableStack();
  const vite = await createServer({
    configFile: false,
    logLevel: 'error',
    root: join(root, 'examples'),
    optimizeDeps: { noDiscovery: true },
    server: { host: '127.0.0.1', port: 0, watch: null, proxy: graphqlProxy(new URL(url).origin) },
  });
  undo.defer(() => vite.close());
  await vite.listen();
  const page = new URL(vite.resolvedUrls?.local[0] ?? '');
  expect(page.port).not.toBe(new URL(url).port);

  const account = sandbox.simulator.accounts[0] ?? '';
  const query = <Data>(document: string, variables?: Record<string, unknown>) =>
    graphql<Data>(`${page.origin}/graphql`, document, variables);
  const { id } = await activateDevices({ query, account }, 3, { first: 101 });
  const seen: string[] = [];
  await followWithGraphqlWs({
    url: `ws://${page.host}/graphql`,
    webSocketImpl: class extends WebSocket {
      constructor(address: string, protocol: string) {
        super(address, protocol, { origin: page.origin });
      }
    },
    requestId: id,
    onEvent: ({ status }) => void seen.push(status),
  });
  expect(seen.at(-1)).toBe('SUCCEEDED');
});

test('the table of the page shows requests as they are made and as they end', async () => {
  await using stack = await startStack();
  const first = await activateDevices(stack, 1);
  const drawn = Promise.withResolvers<readonly Row[]>();
  let second: string | null = null;
  const isEnded = (rows: readonly Row[], id: string | null) => rows.some((row) => row.id === id && row.status === 'SUCCEEDED');
  const stop = await watchRequests(
    stack.client(),
    stack.account,
    async (document, variables) => (await stack.query<never>(document, { ...variables })).data as never,
    (rows) => {
      if (isEnded(rows, first.id) && isEnded(rows, second)) drawn.resolve(rows);
    },
    drawn.reject,
  );
  ({ id: second } = await activateDevices(stack, [7]));
  expect((await drawn.promise).map(({ id }) => id)).toEqual([second, first.id]);
  stop();
});

test('the codegen of the page makes documents with strings for scalars, and possibleTypes with every interface and union', async () => {
  const files = await generate(
    { ...codegenConfig, schema: 'schema.graphql', documents: ['documents/request*.graphql', 'documents/fragments.graphql'], cwd: root },
    false,
  );
  const [types = '', possible = ''] = ['src/gql/graphql.ts', 'src/gql/possible-types.ts'].map(
    (name) => (files as { filename: string; content: string }[]).find(({ filename }) => filename.endsWith(name))?.content,
  );
  expect(types).toMatch(/cursor: string\b/);
  expect(types).toMatch(/createdAt: string\b/);
  expect(types).not.toMatch(/: any\b/);
  expect(possible).toContain('"Node"');
  expect(possible).toContain('"RequestAccepted"');
});
