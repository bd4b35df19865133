import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';
import type { Scope } from '../../support/scope.ts';

const executablePath = onThePath(['chromium-headless-shell', 'chromium', 'chromium-browser']);

/** Why tests in a browser are skipped here, or false: an option for `t.test`. */
export const skipWithoutChromium: string | false = executablePath ? false : 'no chromium on the PATH';

/** What people look at it with: each width once in each scheme. */
export const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 }, colorScheme: 'light' };
export const DESK: BrowserContextOptions = { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' };
export const DARK_PHONE: BrowserContextOptions = { ...PHONE, colorScheme: 'dark' };
export const LIGHT_DESK: BrowserContextOptions = { ...DESK, colorScheme: 'light' };

const AXE = readFileSync(join(packageRoot, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');

export async function launch(t: Scope): Promise<Browser> {
  if (!executablePath) throw new Error(String(skipWithoutChromium));
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []; // Chromium refuses to run as root with one.
  const browser = await chromium.launch({ executablePath, args: sandbox });
  t.teardown(() => browser.close());
  return browser;
}

/** What says that a page hangs, however busy the machine is. Milliseconds. */
const HANGING_MS = 120_000;

/** What a test sees of a page, and what the page was not to say. */
export interface Visit {
  readonly page: Page;
  /** Every error and warning on the console, every exception, except what `expected` matches. */
  readonly complaints: string[];
}

/** Opens a page of its own, with less motion asked for, so that no test waits for any. */
export async function visit(
  t: Scope,
  browser: Browser,
  url: string,
  { screen = LIGHT_DESK, expected = /(?!)/ }: { screen?: BrowserContextOptions; expected?: RegExp } = {},
): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...screen });
  context.setDefaultTimeout(HANGING_MS);
  t.teardown(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  const complain = (text: string) => expected.test(text) || complaints.push(text);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complain(message.text());
  });
  page.on('pageerror', (error) => complain(String(error)));
  while ((await page.goto(url))?.status() === 503); // A process of its own may be too busy for a moment.
  return { page, complaints };
}

/** Nothing that the page shows now is in the way of anybody, nor wider than the screen. */
export async function checkAccessible(t: Test, page: Page): Promise<void> {
  // Evaluated by the debugger, which no content security policy forbids.
  const found = (await page.evaluate(`${AXE}; axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`)) as string[];
  t.strictSame(found, [], 'axe has nothing to say');
  const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  t.equal(overflow, 0, 'nothing is wider than the screen');
}

function onThePath(names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
