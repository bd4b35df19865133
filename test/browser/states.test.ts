import t from 'tap';
import { execute } from '../../support/database.ts';
import { Gate } from '../helpers/gate.ts';
import { checkAccessible, DARK_PHONE, LIGHT_DESK, PHONE, skipWithoutChromium, visit } from './chromium.ts';
import { ready, row, serve } from './dashboard.ts';
import { sharedBrowser } from './shared-browser.ts';

t.test('the list', { skip: skipWithoutChromium }, async (t) => {
  const browser = await sharedBrowser();

  t.test('of an empty table is told from a search without a match, and says how to fill it', async (t) => {
    const { address } = await serve(t, 0);
    for (const screen of [DARK_PHONE, LIGHT_DESK]) {
      const { page, complaints } = await visit(t, browser, address, { screen });
      await page.getByText('No listings yet').waitFor();
      await checkAccessible(t, page);
      await page.getByRole('button', { name: 'Add the first one' }).click();
      await page.getByRole('dialog', { name: 'Add a listing' }).waitFor();
      t.strictSame(complaints, []);
    }
  });

  t.test('shows where it will be while it loads', async (t) => {
    const { address } = await serve(t, 3);
    const gate = new Gate();
    const { page, complaints } = await visit(t, browser, 'about:blank');
    await page.route('**/properties/?*', async (route) => {
      await gate.pass();
      await route.continue();
    });
    await page.goto(address);
    await gate.reached;
    t.ok((await page.locator('.skeleton').count()) > 0);
    t.equal(await page.locator('#rows').getAttribute('aria-busy'), 'true');
    await checkAccessible(t, page);
    gate.open();
    await row(page, 'Flat 3').waitFor();
    t.equal(await page.locator('.skeleton').count(), 0);
    t.strictSame(complaints, []);
  });

  t.test('says what is wrong when it cannot be read, and tries again when told to', async (t) => {
    const { address } = await serve(t, 3);
    const { page, complaints } = await visit(t, browser, 'about:blank', { expected: /status of 503/ });
    const problem = { status: 503, code: 'PL_DATABASE_UNAVAILABLE', detail: 'The database does not answer' };
    await page.route('**/properties/?*', (route) =>
      route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    );
    await page.goto(address);
    await page.getByText('The listings could not be read').waitFor();
    await page
      .locator('#list-state')
      .getByText('The database does not answer just now. Try again in a moment.')
      .waitFor();
    await checkAccessible(t, page);
    await page.unroute('**/properties/?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await row(page, 'Flat 3').waitFor();
    t.strictSame(complaints, []);
  });

  t.test('shows any text as text, and in its place, however long it is', async (t) => {
    const { url, address } = await serve(t, 1);
    const markup = '<img src=x onerror=alert(1)>';
    await execute(
      url,
      `INSERT INTO properties_property (title, description, price, location, created_at) VALUES
       ('${'W'.repeat(200)}', '${'d'.repeat(50_000)}', 99999999.99, '${'L'.repeat(100)}', now()),
       ('${markup}', '${markup}', 0, '${markup}', now())`,
    );
    for (const screen of [PHONE, LIGHT_DESK]) {
      const { page, complaints } = await visit(t, browser, address, { screen });
      await row(page, markup).waitFor();
      t.equal(await row(page, 'W'.repeat(200)).locator('.price').textContent(), '99,999,999.99');
      await ready(page);
      await checkAccessible(t, page);
      await page.getByRole('button', { name: `Edit ${'W'.repeat(200)}` }).click();
      await page.getByRole('dialog', { name: /^Edit listing/ }).waitFor();
      await checkAccessible(t, page);
      t.strictSame(complaints, []);
    }
  });

  t.test('says that the server cannot be reached when no answer comes in time', async (t) => {
    const { address } = await serve(t, 3);
    const { page, complaints } = await visit(t, browser, 'about:blank');
    const isOverAtOnce =
      'const wait = setTimeout; setTimeout = (work, ms) => wait(work, ms === 30_000 ? 0 : ms);';
    await page.addInitScript(isOverAtOnce);
    await page.route('**/properties/?*', () => {}); // It is held for ever.
    await page.goto(address);
    const words = 'The server cannot be reached. Check that you are online, then try again.';
    await page.locator('#list-state').getByText(words).waitFor();
    t.strictSame(complaints, []);
  });
});

t.test('where the system chooses the colours', { skip: skipWithoutChromium }, async (t) => {
  const browser = await sharedBrowser();

  t.test('the layers differ by their lines, and what has changed has a frame', async (t) => {
    const { url, address } = await serve(t, 3);
    const screen = { ...LIGHT_DESK, forcedColors: 'active' } as const;
    const { page, complaints } = await visit(t, browser, address, { screen });
    await ready(page);
    const lines = `[...document.querySelectorAll('#legend line')].map((line) => line.getAttribute('stroke-dasharray'))`;
    t.strictSame(await page.evaluate(lines), ['', '2 3']);
    const colors = `new Set([...document.querySelectorAll('#legend svg')].map((one) => getComputedStyle(one).stroke)).size`;
    t.equal(await page.evaluate(colors), 2);
    await execute(url, 'UPDATE properties_property SET price = 4321 WHERE id = 3');
    await row(page, 'Flat 3').and(page.locator('.changed')).waitFor();
    t.equal(
      await page.evaluate(`getComputedStyle(document.querySelector('.row.changed')).outlineStyle`),
      'solid',
    );
    await checkAccessible(t, page);
    t.strictSame(complaints, []);
  });
});
