import type { Page } from 'playwright-core';
import { expect, test, vi } from 'vitest';
import { noBrowser, openBrowserPage } from '../../support/browser.ts';
import { devices } from '../../support/devices.ts';
import { EventLedger, FAULTLESS } from '../../support/event-ledger.ts';
import { makeKey } from '../../support/make-key.ts';
import { graphql } from '../../support/stack.ts';
import { startSpawnedStack, type SpawnedStack } from '../../support/spawned-stack.ts';
import { recordSockets } from './record-sockets.ts';
import { serveFrontEnd, type ClientName } from './serve-front-end.ts';

// Ten thousand devices, two restarts of a gateway and a browser, on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000 });

const reason = noBrowser();
if (reason !== null) process.stderr.write(`The front end is not tried in a browser: ${reason}.\n`);

const PATIENCE = { timeout: 120_000 };
const DEVICES = 10_000;

test.skipIf(reason !== null).each<ClientName>(['apollo', 'urql'])(
  'a React front end with %s activates 10,000 devices and follows them over a kill of the gateway, without a gap or a repeat; then it retries, cancels and lists',
  async (client) => {
    await using site = await serveFrontEnd(client);
    await using stack = await startSpawnedStack({
      simulator: { failureRate: 0.01, ledger: 'counts', callbacksPerSecond: 3_000, resend: 'documented', resendIntervalMs: 5_000 },
      env: {
        M2M_AUTH: 'on',
        M2M_GRAPHQL_ORIGINS: site.origin,
        M2M_CALLBACK_REGISTER: 'on',
        // Later activations wait in the queue, where they can be cancelled.
        M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '1',
        M2M_SUBMIT_WAIT_MS: '100',
      },
    });
    const { simulator, account } = stack;
    site.useGateway(stack.gateway);
    const key = await makeKey({ urls: stack.gateway }, { scopes: { [account]: ['read', 'write'] } });
    await using browser = await openBrowserPage();
    const { page, errors } = browser;
    page.setDefaultTimeout(PATIENCE.timeout);
    const sockets = recordSockets(page);
    await page.goto(site.origin);
    await page.getByLabel('API key').fill(key.text);
    await page.getByRole('button', { name: 'Sign in' }).click();

    // The form shows each fault beside its field.
    await fillForm(page, { account, zip: '9880', lines: linesOf(2).replace(/\d+$/, '12345') });
    await fieldFault(page, 'mdnZipCode', /ZIP|5 digits/);
    await fieldFault(page, 'target', /^Line 2: .*ICCID/);
    expect(await page.locator('[data-field="accountName"] [role="alert"]').count()).toBe(0);

    simulator.holdCallbacks();
    await fillForm(page, { account, zip: '98801', lines: linesOf(DEVICES) });
    const requestId = await otherThan(page, 'no request');
    expect(await count(page, 'PENDING')).toBe(DEVICES);

    simulator.releaseCallbacks();
    await expect.poll(() => count(page, 'SUCCEEDED'), PATIENCE).toBeGreaterThan(DEVICES / 10);
    await killAndRestart(stack);
    await expect.poll(async () => (await shown(stack, requestId, key.authorization))?.progress.settled, PATIENCE).toBe(DEVICES);
    await page.locator('[data-status="PARTIALLY_FAILED"]').waitFor();
    const progress = (await shown(stack, requestId, key.authorization))?.progress ?? { succeeded: 0, failed: 0 };
    await expect.poll(() => count(page, 'SUCCEEDED'), PATIENCE).toBe(progress.succeeded);
    expect(await count(page, 'FAILED')).toBe(progress.failed);
    expect(progress.succeeded + progress.failed).toBe(DEVICES);

    const ledger = new EventLedger(DEVICES);
    for (const event of sockets.events) ledger.add(event);
    expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'PARTIALLY_FAILED' });
    // Once after loading, and again for each connection, each time from where it was.
    expect(sockets.resumedAt.length).toBeGreaterThan(1);
    expect(sockets.resumedAt.slice(1)).toEqual(sockets.cursorsBefore.slice(1));

    await page.getByLabel('Only failed devices').check();
    await expect.poll(() => page.getByRole('table').getAttribute('aria-rowcount')).toBe(String(progress.failed));
    await page.getByRole('button', { name: 'Retry failed devices' }).click();
    const retryId = await otherThan(page, requestId);
    expect(await shown(stack, retryId, key.authorization)).toMatchObject({
      retryOf: { id: requestId },
      progress: { total: progress.failed },
    });

    await fillForm(page, { account, zip: '98801', lines: linesOf(1, DEVICES + 1) });
    const cancelledId = await otherThan(page, retryId);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('[data-status="CANCELLED"]').waitFor();
    await page.getByRole('button', { name: 'Reload' }).click();
    const listed = (id: string) => page.locator(`li[data-request="${id}"]`).innerText();
    await expect.poll(() => listed(requestId), PATIENCE).toContain(`PARTIALLY_FAILED ${DEVICES} of ${DEVICES}`);
    expect(await listed(cancelledId)).toContain('CANCELLED 1 of 1');
    expect(await listed(retryId)).toContain(`of ${progress.failed}`);
    expect(errors.filter((error) => !error.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
  },
);

function linesOf(count: number, first = 1): string {
  return devices(count, first)
    .map(({ deviceIds }) => deviceIds.map(({ value }) => value).join(' '))
    .join('\n');
}

async function fillForm(page: Page, { account, zip, lines }: { account: string; zip: string; lines: string }): Promise<void> {
  const form = page.getByRole('form', { name: 'Activate devices' });
  await form.locator('[name="accountName"]').fill(account);
  await form.locator('[name="servicePlan"]').fill('m2m4G2GB');
  await form.locator('[name="mdnZipCode"]').fill(zip);
  await form.locator('[name="target"]').setInputFiles({ name: 'devices.txt', mimeType: 'text/plain', buffer: Buffer.from(lines) });
  await form.getByRole('button', { name: 'Activate' }).click();
}

/** Waits until the live view has loaded another request than this one, and gives back its id. */
async function otherThan(page: Page, requestId: string): Promise<string> {
  const view = page.locator(`section[data-request]:not([data-request="${requestId}"])[data-loaded="true"]`);
  return (await view.getAttribute('data-request')) ?? '';
}

async function fieldFault(page: Page, field: string, message: RegExp): Promise<void> {
  await page.locator(`[data-field="${field}"] [role="alert"]`).filter({ hasText: message }).waitFor();
}

/** How many devices the page shows with a status. */
async function count(page: Page, status: string): Promise<number> {
  const [text = '0'] = await page.locator(`[data-count="${status}"]`).allInnerTexts();
  return Number(text.replaceAll(/\D/g, ''));
}

/** Kills the gateway in the middle of its work and starts it again at the same addresses. The carrier waits meanwhile. */
async function killAndRestart(stack: SpawnedStack): Promise<void> {
  const { gateway, simulator } = stack;
  gateway.kill('SIGKILL');
  simulator.pauseCallbacks();
  await gateway.exited;
  const port = (url: string) => new URL(url).port;
  await stack.restart({ env: { M2M_GRAPHQL_PORT: port(gateway.graphql), M2M_CALLBACK_PORT: port(gateway.callbacks) } });
  simulator.resumeCallbacks();
}

interface Shown {
  readonly progress: { readonly total: number; readonly settled: number; readonly succeeded: number; readonly failed: number };
  readonly retryOf: { readonly id: string } | null;
}

/** What the gateway itself says of a request; undefined while it has too much to do. */
async function shown(stack: SpawnedStack, id: string, authorization: string): Promise<Shown | undefined> {
  const document = 'query ($id: ID!) { request(id: $id) { retryOf { id } progress { total settled succeeded failed } } }';
  const { data } = await graphql<{ request: Shown }>(stack.gateway.graphql, document, { id }, authorization);
  return data?.request;
}
