import type { Page } from 'playwright-core';
import { expect, test, vi } from 'vitest';
import { noBrowser, openBrowserPage } from '../support/browser.ts';
import { devices } from '../support/devices.ts';
import { FOLLOW } from '../support/follow.ts';
import { makeKey } from '../support/make-key.ts';
import { schema } from '../../src/schema/index.ts';
import { exampleTabs, nameOfTab } from '../../scripts/sandbox/example-tabs.ts';
import { openSandbox } from '../support/open-sandbox.ts';
import { readMetric } from '../support/read-metric.ts';
import { startStack } from '../support/stack.ts';

// A browser that starts on a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000 });

const reason = noBrowser();
if (reason !== null) process.stderr.write(`Browser tests are skipped: ${reason}.\n`);

/** Below a test's own limit, so that it says what it waited for. */
const PATIENCE = { timeout: 30_000 };

/** What the explorer shows of the subscription: the first sentence of its description. */
const FOLLOWING = schema.getSubscriptionType()?.getFields()['requestStatus']?.description?.split('. ')[0] ?? '';

const TABS = (await exampleTabs()).map(nameOfTab);

test.skipIf(reason !== null)(
  'in GraphiQL a front-end developer activates devices and watches them settle, live, over a WebSocket',
  async () => {
    await using sandbox = await openSandbox();
    await using browser = await openBrowserPage();
    const { page, requested, errors } = browser;
    const { graphql, websocket } = sandbox.gateway.urls;
    await page.goto(graphql);
    await page.getByRole('tab', { name: /^ActivateDevices/ }).waitFor();
    expect(await tabs(page)).toEqual(TABS);
    expect(await page.title()).toBe('M2M GraphQL gateway');

    sandbox.simulator.holdCallbacks();
    await execute(page);
    const [requestId = ''] = await result(page, /req_\w{26}/);
    expect(await result(page, /"deviceCount": 3/)).toBeTruthy();

    await openTab(page, 'FollowRequest');
    await setVariables(page, { requestId });
    await execute(page);
    await result(page, /"succeeded": 0,\s*"failed": 0,\s*"pending": 3/);
    sandbox.simulator.releaseCallbacks();
    await result(page, /"succeeded": 1,\s*"failed": 1,\s*"pending": 1/);

    const { origin } = new URL(graphql);
    expect(requested.filter((url) => !url.startsWith(`${origin}/`))).toEqual([websocket]);
    expect(errors).toEqual([]);
  },
);

test.skipIf(reason !== null)('a reload keeps the tabs as they were, whichever is open', async () => {
  await using sandbox = await openSandbox();
  await using browser = await openBrowserPage();
  const { page, errors } = browser;
  await page.goto(sandbox.gateway.urls.graphql);
  await page.getByRole('tab', { name: /^ActivateDevices/, selected: true }).waitFor();
  await kept(page, 'ActivateDevices');
  await reload(page, 'ActivateDevices');
  await openTab(page, 'ListRequests');
  await kept(page, 'ListRequests');
  await reload(page, 'ListRequests');
  await execute(page);
  await result(page, /"nodes": \[\]/);
  expect(errors).toEqual([]);
});

test.skipIf(reason !== null)('the explorer knows the schema: the documentation of a type is there to read', async () => {
  await using sandbox = await openSandbox();
  await using browser = await openBrowserPage();
  const { page, errors } = browser;
  await page.goto(sandbox.gateway.urls.graphql);
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Subscription' }).click();
  await page.getByText(FOLLOWING).waitFor();
  expect(errors).toEqual([]);
});

test.skipIf(reason !== null)(
  'with authentication on, the key in the headers editor opens mutations, live subscriptions and the documentation; the browser keeps it nowhere',
  async () => {
    await using stack = await startStack({ env: { M2M_AUTH: 'on', M2M_GRAPHIQL: 'on' } });
    const { simulator, account } = stack;
    const { graphql, admin } = stack.gateway.urls;
    const key = await makeKey(stack.gateway, { scopes: { [account]: ['read', 'write'] }, grants: ['introspection'] });
    await using browser = await openBrowserPage();
    const { page, requested, errors } = browser;
    await page.goto(graphql);
    await prompted(page);
    expect(await page.title()).toBe('M2M GraphQL gateway');

    await typeOver(page, 'tool', JSON.stringify({ Authorization: key.authorization }));
    await page.getByRole('button', { name: 'Re-fetch GraphQL schema' }).click();
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByRole('link', { name: 'Subscription' }).click();
    await page.getByText(FOLLOWING).waitFor();
    await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();

    simulator.holdCallbacks();
    const input = { accountName: account, target: { devices: devices(3) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
    await openTool(page, 'Variables');
    await typeOver(page, 'tool', JSON.stringify({ input }));
    await typeOver(page, 'query', ACTIVATE);
    await execute(page);
    const [id = ''] = await result(page, /req_\w{26}/);

    await typeOver(page, 'tool', JSON.stringify({ id }));
    await typeOver(page, 'query', FOLLOW.replaceAll(/\s+/g, ' '));
    await execute(page);
    await result(page, /"succeeded": 0/);
    expect(await readMetric(admin, 'm2m_subscriptions_open')).toBe(1);
    await page.getByRole('button', { name: /^Stop query/ }).click();
    await expect.poll(() => readMetric(admin, 'm2m_subscriptions_open'), PATIENCE).toBe(0);
    await execute(page);
    await result(page, /"succeeded": 0/);
    simulator.releaseCallbacks();
    await result(page, /"succeeded": 3/);

    await page.waitForFunction(`localStorage.getItem('graphiql:tabState')?.includes('subscription Follow')`);
    expect(await leftBehind(page)).not.toContain(key.text);
    const { origin } = new URL(graphql);
    expect(requested.filter((url) => !url.startsWith(`${origin}/`))).toEqual([]);
    expect(errors).toEqual([]);

    await page.reload();
    await prompted(page);
  },
);

test.skipIf(reason !== null)(
  'a key that may not read the schema is told so where the documentation would be, and its operations run',
  async () => {
    await using stack = await startStack({ env: { M2M_AUTH: 'on', M2M_GRAPHIQL: 'on' }, register: false });
    const key = await makeKey(stack.gateway, { scopes: { [stack.account]: ['read'] } });
    await using browser = await openBrowserPage();
    const { page, errors } = browser;
    await page.goto(stack.gateway.urls.graphql);
    await prompted(page);
    await typeOver(page, 'tool', JSON.stringify({ Authorization: key.authorization }));
    await typeOver(page, 'query', '{ requests { nodes { id } } }');
    await execute(page);
    await result(page, /"nodes": \[\]/);
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByRole('link', { name: 'Query' }).click();
    await page.getByText('needs the grant introspection').first().waitFor();
    expect(errors.filter((error) => !error.includes('403 (Forbidden)'))).toEqual([]);
  },
);

test.skipIf(reason !== null)('what runs in the page reaches no other host, neither by a request nor by a WebSocket', async () => {
  await using sandbox = await openSandbox();
  await using browser = await openBrowserPage();
  const { page, requested } = browser;
  const { graphql, admin } = sandbox.gateway.urls;
  await page.goto(graphql);
  await page.evaluate(`{
    globalThis.refused = [];
    document.addEventListener('securitypolicyviolation', ({ blockedURI }) => refused.push(new URL(blockedURI).protocol));
    fetch('${admin}').catch(() => undefined);
    void new WebSocket('${admin.replace('http', 'ws')}');
  }`);
  await expect.poll(() => page.evaluate('refused'), PATIENCE).toEqual(['http:', 'ws:']);
  expect(requested.filter((url) => new URL(url).host === new URL(admin).host)).toEqual([]);
});

/** No key is typed yet: the documentation says where to type it, and nothing shows an error. */
async function prompted(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByText('Put your key behind').first().waitFor();
  expect(await page.locator('.result-window').innerText()).not.toMatch(/error/i);
  await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
}

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on ActivateDevicesAccepted { request { id } } } }`;

/** All that a browser keeps of a page, and its address. */
async function leftBehind(page: Page): Promise<string> {
  const stored = await page.context().storageState({ indexedDB: true });
  return JSON.stringify([page.url(), stored, await page.evaluate('({ ...sessionStorage })')]);
}

async function reload(page: Page, open: string): Promise<void> {
  await page.reload();
  await page.getByRole('tab', { name: new RegExp(`^${open}`), selected: true }).waitFor();
  expect(await tabs(page)).toEqual(TABS);
}

function tabs(page: Page): Promise<string[]> {
  return page.getByRole('tab').allInnerTexts();
}

async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('tab', { name: new RegExp(`^${name}`), selected: true }).waitFor();
}

/** Waits until GraphiQL has stored that this tab is open, which it does half a second later. */
async function kept(page: Page, name: string): Promise<void> {
  await page.waitForFunction(
    `((name) => {
      const { tabs = [], activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState') ?? '{}');
      const { title, query, variables } = tabs[activeTabIndex] ?? {};
      return title === name && query === localStorage.getItem('graphiql:query') && variables === localStorage.getItem('graphiql:variables');
    })(${JSON.stringify(name)})`,
  );
}

async function execute(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Execute query/ }).click();
}

/** Waits until the answer shows `pattern`. */
async function result(page: Page, pattern: RegExp): Promise<readonly string[]> {
  const shown = async () => (await page.locator('.result-window .view-lines').innerText()).replaceAll('\u00a0', ' ');
  await expect.poll(shown, PATIENCE).toMatch(pattern);
  return (await shown()).match(pattern) ?? [];
}

/** Types over what the variables editor has. */
function setVariables(page: Page, variables: Record<string, unknown>): Promise<void> {
  return typeOver(page, 'tool', JSON.stringify(variables));
}

/** Shows the variables or the headers below the query. */
function openTool(page: Page, name: 'Variables' | 'Headers'): Promise<void> {
  return page.getByRole('button', { name, exact: true }).click();
}

/** Types over what the query, or the tool shown below it, has. */
async function typeOver(page: Page, editor: 'query' | 'tool', text: string): Promise<void> {
  await page
    .locator(`.graphiql-${editor === 'query' ? 'query-editor' : 'editor-tool'} .view-lines`)
    .filter({ visible: true })
    .click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}
