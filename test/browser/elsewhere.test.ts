import t from 'tap';
import { execute, withParameter } from '../../support/database.ts';
import { checkout, startServer } from '../../support/server.ts';
import { authorization, WRITE_KEY, write } from '../helpers/app.ts';
import { skipWithoutChromium, visit } from './chromium.ts';
import { ready, row, serve, told } from './dashboard.ts';
import { sharedBrowser } from './shared-browser.ts';

t.test('a change that is made elsewhere', { skip: skipWithoutChromium }, async (t) => {
  const { app, url, address } = await serve(t, 8);
  const browser = await sharedBrowser();

  t.test('in psql, is on the screen without being asked for, and says so', async (t) => {
    const { page, complaints } = await visit(t, browser, address);
    await ready(page);
    await execute(
      withParameter(url, 'application_name', 'psql'),
      'UPDATE properties_property SET price = 4321 WHERE id = 3',
    );
    await row(page, 'Flat 3').getByText('4,321.00').waitFor();
    await told(page);
    t.match(
      await page.locator('#notice').textContent(),
      /^psql changed listing 3\. The list was read again\./,
    );
    t.equal(await page.locator('#step-change .words').textContent(), 'psql changed listing 3.');
    t.strictSame(await page.locator('#step-next .badge').allTextContents(), ['fresh', 'fresh']);
    t.strictSame(await page.locator('#step-others .badge').allTextContents(), ['hit', 'hit']);
    const latest = page.locator('#invalidations > li').first();
    t.equal(await latest.locator('.cause').textContent(), 'psql');
    t.ok((await latest.locator('.tags code').allTextContents()).includes('property:3'));
    t.match(await latest.locator('.took').textContent(), /^after [\d.]+ ms$/);
    t.strictSame(complaints, []);
  });

  t.test('by another instance, is on the screen without being asked for', async (t) => {
    const { page, complaints } = await visit(t, browser, address);
    await ready(page);
    // A process of its own: instances know each other's changes by the process.
    const { address: other } = await startServer(t, await checkout(t), {
      DATABASE_URL: url,
      API_KEYS: WRITE_KEY,
    });
    const headers = { authorization, 'content-type': 'application/json' };
    const body = JSON.stringify({ title: 'From next door' });
    const change = () => fetch(`${other}/properties/5/`, { method: 'PATCH', headers, body });
    while ((await change()).status === 503); // It may be too busy.
    await row(page, 'From next door').waitFor();
    await page.getByText('Another instance changed listing 5.').first().waitFor();
    t.strictSame(complaints, []);
  });

  t.test('by somebody else who uses this server, is not taken for a change of this page', async (t) => {
    const { page, complaints } = await visit(t, browser, address);
    await ready(page);
    await write(app, 'POST', '/properties/', {
      title: 'By hand',
      description: 'x',
      price: 1,
      location: 'Accra',
    });
    await row(page, 'By hand').waitFor();
    await page.getByText('Somebody, through this server, added listings.').first().waitFor();
    t.strictSame(complaints, []);
  });

  t.test('of every listing says so, and after it another one leaves the others hits', async (t) => {
    const more = `SELECT 'Flat', 'x', 1, 'Accra' FROM generate_series(1, 20)`; // Than one invalidation names.
    await execute(url, `INSERT INTO properties_property (title, description, price, location) ${more}`);
    const { page, complaints } = await visit(t, browser, address);
    await ready(page);
    const change = (sql: string) =>
      execute(withParameter(url, 'application_name', 'psql'), `UPDATE properties_property ${sql}`);
    await change('SET price = price + 1');
    await page.getByText('psql changed many listings. The list was read again.').waitFor();
    await page.getByText('Every listing was forgotten: read again.').waitFor();
    await told(page);
    await change('SET price = 5432 WHERE id = 2');
    await page.getByText('psql changed listing 2. The list was read again.').waitFor();
    await page.getByText('Not touched: still a hit.').waitFor();
    t.strictSame(await page.locator('#step-others .badge').allTextContents(), ['hit', 'hit']);
    t.strictSame(complaints, []);
  });
});
