import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { packageRoot } from '../../src/platform/package-root.ts';
import { runCommand, UsageError } from '../../support/command-line.ts';
import { scratchDatabase } from '../../support/database.ts';
import { fill as fillTable } from '../../support/fill.ts';
import { startRedis } from '../../support/redis.ts';
import type { Scope } from '../../support/scope.ts';
import { checkout, startServer } from '../../support/server.ts';
import { WRITE_KEY } from '../helpers/app.ts';
import { DESK, LIGHT_DESK, launch, PHONE, skipWithoutChromium } from './chromium.ts';
import { fill, keepKey, ready, row, told } from './dashboard.ts';
import { changeInPsql, makeTraffic, type Places } from './screenshots/traffic.ts';

const LISTINGS = 40;

/** The same listings each time. */
const SEED = 1;

const OPTIONS = {
  seconds: { min: 1, max: 3_600, initial: 300, text: 'of traffic before; 300 fill the charts' },
} as const;

const about =
  'Makes the screenshots of the README: two instances with a PostgreSQL and a Redis, under traffic.';

process.exitCode = await runCommand({ about, options: OPTIONS }, async ({ numbers, scope }) => {
  if (skipWithoutChromium) throw new UsageError(`the screenshots are of a browser: ${skipWithoutChromium}`);
  const places = await start(scope);
  const end = new AbortController();
  const traffic = makeTraffic(places, end.signal);
  await delay(numbers.seconds * 1_000);
  end.abort(); // What is on the pictures is what they changed themselves.
  await traffic;
  const browser = await launch(scope);
  await editOn(await open(browser, places, LIGHT_DESK), 'dashboard-light.png');
  await changeElsewhere(await open(browser, places, DESK), places);
  await addOn(
    await open(browser, places, { ...PHONE, viewport: { width: 360, height: 900 }, deviceScaleFactor: 2 }),
    'dashboard-phone.png',
  );
  return 0;
});

async function start(scope: Scope): Promise<Places> {
  const databaseUrl = await scratchDatabase(scope);
  await fillTable(databaseUrl, LISTINGS, SEED);
  const { url } = await startRedis(scope);
  const env = { DATABASE_URL: databaseUrl, REDIS_URL: url, API_KEYS: WRITE_KEY, LOG_LEVEL: 'silent' };
  const folder = await checkout(scope);
  const addresses = [];
  for (let n = 0; n < 2; n += 1) addresses.push((await startServer(scope, folder, env)).address);
  return { addresses, databaseUrl, listings: LISTINGS };
}

async function open(browser: Browser, { addresses }: Places, screen: typeof DESK): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', ...screen });
  const page = await context.newPage();
  await page.goto(String(addresses[0]));
  await keepKey(page);
  await ready(page);
  return page;
}

async function editOn(page: Page, file: string): Promise<void> {
  await page.locator('#rows .edit').nth(1).click();
  await fill(page, { price: '1495.00' });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await take(page, file);
}

async function changeElsewhere(page: Page, { databaseUrl }: Places): Promise<void> {
  const named = (await page.locator('#rows .where').first().textContent()) ?? '';
  await changeInPsql(databaseUrl, Number(/no\. (\d+)/.exec(named)?.[1]));
  await take(page, 'dashboard-dark.png');
}

async function addOn(page: Page, file: string): Promise<void> {
  const listing = {
    title: 'Two-bedroom flat in Osu',
    description: 'Bright and quiet, five minutes from the market.',
    price: '1200.00',
    location: 'Osu, Accra',
  };
  await page.getByRole('button', { name: 'Add a listing' }).click();
  await fill(page, listing);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await row(page, listing.title).first().waitFor();
  await page.evaluate('scrollTo(0, 0)');
  await take(page, file);
}

/** When the change has been told, and nothing moves any more. */
async function take(page: Page, file: string): Promise<void> {
  await told(page);
  await page.mouse.move(0, 0);
  await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished))');
  await page.screenshot({ path: join(packageRoot, 'docs', file) });
  await page.context().close();
}
