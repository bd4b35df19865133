import type { Page } from 'playwright-core';
import t from 'tap';
import { execute, scratchDatabase } from '../../support/database.ts';
import { freePort, skipWithoutRedis, startRedis } from '../../support/redis.ts';
import { checkout, startServer } from '../../support/server.ts';
import { WRITE_KEY } from '../helpers/app.ts';
import { privatePostgres } from '../helpers/private-postgres.ts';
import { checkAccessible, DARK_PHONE, DESK, PHONE, skipWithoutChromium, visit } from './chromium.ts';
import { ready, row, serve } from './dashboard.ts';
import { sharedBrowser } from './shared-browser.ts';

const banner = (page: Page, text: RegExp) => page.locator('.banner').getByText(text);

/** What the browser says of requests that a server which is gone, or its database, did not answer. */
const UNREACHABLE =
  /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE|status of 503/;

t.test('the page while something is away', { skip: skipWithoutChromium }, async (t) => {
  const browser = await sharedBrowser();

  t.test('says since when the server is, and goes on by itself when it is back', async (t) => {
    const env = {
      DATABASE_URL: await scratchDatabase(t),
      API_KEYS: WRITE_KEY,
      PORT: String(await freePort()),
    };
    const folder = await checkout(t);
    const server = await startServer(t, folder, env);
    const phone = await visit(t, browser, server.address, { screen: PHONE, expected: UNREACHABLE });
    const desk = await visit(t, browser, server.address, { screen: DESK, expected: UNREACHABLE });
    for (const { page } of [phone, desk]) await ready(page);

    await server.stop('SIGKILL');
    for (const { page } of [phone, desk]) {
      await banner(page, /^Disconnected from the server since [\d:]+\./).waitFor();
      await page.locator('#chips').getByText('Live disconnected').waitFor();
      await checkAccessible(t, page);
    }

    await execute(
      env.DATABASE_URL,
      "INSERT INTO properties_property (title, description, price, location) VALUES ('Meanwhile', 'x', 1, 'Accra')",
    );
    await startServer(t, folder, env);
    for (const { page, complaints } of [phone, desk]) {
      await page.locator('#chips').getByText('Live connected').waitFor();
      await row(page, 'Meanwhile').waitFor();
      await page.getByText('The server was started again. The list was read again.').waitFor();
      t.notOk(await page.locator('.banner').isVisible());
      t.strictSame(complaints, []);
    }
  });

  t.test('says that Redis is, and when it is back', { skip: skipWithoutRedis }, async (t) => {
    const redis = await startRedis(t);
    const { address } = await serve(t, 3, { REDIS_URL: redis.url });
    const { page, complaints } = await visit(t, browser, address);
    await page.locator('#chips').getByText('Redis up').waitFor();
    await page.locator('#figures').getByText('In Redis').waitFor();
    t.equal(await page.locator('#legend tr').count(), 4, 'two layers in two tiers');

    await redis.stop();
    await banner(page, /^Redis cannot be reached since [\d:]+: what you see is up to date/).waitFor();
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.locator('.again .badge', { hasText: 'fresh, cache bypassed' }).first().waitFor();
    await checkAccessible(t, page);

    await startRedis(t, redis.port);
    await page.locator('#chips').getByText('Redis up').waitFor();
    await page.locator('#chips').getByText('Cache in use').waitFor();
    t.strictSame(complaints, []);
  });

  t.test('says that PostgreSQL is, and shows the last known answers until it is back', async (t) => {
    const { url, stop, start } = await privatePostgres(t);
    const { address } = await serve(t, 3, { DATABASE_URL: url });
    const { page, complaints } = await visit(t, browser, address, {
      screen: DARK_PHONE,
      expected: UNREACHABLE,
    });
    await ready(page);
    await stop();
    await banner(page, /^PostgreSQL cannot be reached since [\d:]+/).waitFor();
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.locator('.again .badge', { hasText: 'last known' }).first().waitFor();
    await row(page, 'Flat 3').waitFor();
    await checkAccessible(t, page);
    await start();
    await page.locator('#chips').getByText('PostgreSQL up').waitFor();
    t.strictSame(complaints, []);
  });
});
