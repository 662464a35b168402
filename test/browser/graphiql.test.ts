import type { Page } from 'playwright-core';
import { expect, test, vi } from 'vitest';
import { noBrowser, openBrowserPage } from '../support/browser.ts';
import { openSandbox } from '../support/open-sandbox.ts';

// A browser that starts on a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000 });

const reason = noBrowser();
if (reason !== null) process.stderr.write(`Browser tests are skipped: ${reason}.\n`);

const TABS = [
  'ActivateDevices',
  'FollowRequest',
  'RenewActivationCode',
  'ResumeProfile',
  'ListRequests',
  'ShowRequest',
  'UnclaimedCallbacks',
];

test.skipIf(reason !== null)(
  'in GraphiQL a front-end developer activates devices and watches them settle, live, over a WebSocket',
  async () => {
    await using sandbox = await openSandbox();
    await using browser = await openBrowserPage();
    const { page, requested, errors } = browser;
    const { graphql, websocket } = sandbox.gateway.urls;
    await page.goto(graphql);
    await page.getByRole('tab', { name: 'ActivateDevices' }).waitFor();
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
  await page.getByRole('tab', { name: 'ActivateDevices', selected: true }).waitFor();
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
  await page.getByText('Follows one request: what has happened so far').waitFor();
  expect(errors).toEqual([]);
});

async function reload(page: Page, open: string): Promise<void> {
  await page.reload();
  await page.getByRole('tab', { name: open, selected: true }).waitFor();
  expect(await tabs(page)).toEqual(TABS);
}

function tabs(page: Page): Promise<string[]> {
  return page.getByRole('tab').allInnerTexts();
}

async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('tab', { name, selected: true }).waitFor();
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
  await expect.poll(shown, { timeout: 30_000 }).toMatch(pattern);
  return (await shown()).match(pattern) ?? [];
}

/** Types over what the variables editor has. */
async function setVariables(page: Page, variables: Record<string, unknown>): Promise<void> {
  await page.locator('.graphiql-editor-tool .view-lines').first().click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(JSON.stringify(variables));
}
