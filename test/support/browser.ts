import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Quiet: no sandbox (CI runs as root), and none of the requests that Chromium makes for itself. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why there is no browser to test with; null when there is one. In CI a missing browser fails the test instead. */
export function noBrowser(): string | null {
  if (existsSync(EXECUTABLE) || process.env['CI'] === 'true') return null;
  return `there is no Chromium at ${EXECUTABLE}: install it (apt-get install chromium), or set CHROMIUM to where it is`;
}

export interface BrowserPage extends AsyncDisposable {
  readonly page: Page;
  /** Every URL it has asked for, WebSockets included, without parts of the page itself (blob:, data:). */
  readonly requested: readonly string[];
  /** Errors on its console, and uncaught errors. */
  readonly errors: readonly string[];
}

/** An empty page of a real, headless Chromium. */
export async function openBrowserPage(): Promise<BrowserPage> {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  // Below a test's own limit, so that the error names what the page waited for.
  page.setDefaultTimeout(30_000);
  const requested: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => void (/^(?:blob|data):/.test(request.url()) || requested.push(request.url())));
  page.on('websocket', (socket) => void requested.push(socket.url()));
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
  page.on('pageerror', (error) => void errors.push(error.message));
  return { page, requested, errors, [Symbol.asyncDispose]: () => browser.close() };
}
