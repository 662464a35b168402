import { gunzipSync } from 'node:zlib';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { openSandbox } from '../support/open-sandbox.ts';
import { startStack } from '../support/stack.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

test('GraphiQL comes compressed, the same to those who cannot decompress, and once only', async () => {
  await using sandbox = await openSandbox();
  const { graphql } = sandbox.gateway.urls;
  const compressed = await request(graphql, { headers: { ...BROWSER, 'accept-encoding': 'gzip, deflate, br' } });
  expect(compressed.headers).toMatchObject({
    'content-encoding': 'gzip',
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
  });
  const bytes = Buffer.from(await compressed.body.arrayBuffer());
  expect(bytes).toHaveLength(Number(compressed.headers['content-length']));
  expect(bytes.length).toBeLessThan(3_000_000);

  const plain = await request(graphql, { headers: BROWSER });
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(Buffer.from(await plain.body.arrayBuffer()).equals(gunzipSync(bytes))).toBe(true);

  const again = await request(graphql, { headers: { ...BROWSER, 'if-none-match': String(compressed.headers['etag']) } });
  expect(again.statusCode).toBe(304);
  expect(await again.body.text()).toBe('');
});

test('GraphiQL may load nothing from elsewhere, and no page may frame it', async () => {
  await using sandbox = await openSandbox();
  const { headers, body } = await request(sandbox.gateway.urls.graphql, { headers: { ...BROWSER, 'accept-encoding': 'gzip' } });
  await body.dump();
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/https?:|\*/);
});

test('the address alone leads a browser to GraphiQL', async () => {
  await using sandbox = await openSandbox();
  const { statusCode, headers } = await request(new URL('/', sandbox.gateway.urls.graphql), { headers: BROWSER });
  expect({ statusCode, location: headers['location'] }).toEqual({ statusCode: 302, location: '/graphql' });
});

test('without M2M_GRAPHIQL a browser gets no page', async () => {
  await using stack = await startStack({ register: false });
  const { statusCode, body } = await request(stack.gateway.urls.graphql, { headers: BROWSER });
  expect(statusCode).toBe(405);
  expect(await body.json()).toMatchObject({ errors: [{ message: expect.stringContaining('POST') }] });
});
