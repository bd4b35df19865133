import type { Page } from 'playwright-core';
import t from 'tap';
import { write } from '../helpers/app.ts';
import { skipWithoutChromium, visit } from './chromium.ts';
import { fill, keepKey, ready, row, serve, told } from './dashboard.ts';
import { sharedBrowser } from './shared-browser.ts';

/** What has the focus: its label, or else its id. */
const focused = (page: Page) =>
  page.evaluate(
    'document.activeElement.ariaLabel || document.activeElement.id || document.activeElement.tagName',
  );

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

t.test('the focus', { skip: skipWithoutChromium }, async (t) => {
  const { app, address } = await serve(t, 9);
  const browser = await sharedBrowser();

  /** A page that has the key, and what it complains of but for `expected`. */
  async function open(expected = /(?!)/) {
    const { page, complaints } = await visit(t, browser, address, { expected });
    await ready(page);
    await keepKey(page);
    return { page, complaints };
  }

  t.test('goes back to the row when an edit is saved over that of somebody else', async (t) => {
    const { page, complaints } = await open(/status of 412/);
    await button(page, 'Edit Flat 1').click();
    await fill(page, { price: '111.00' });
    await write(app, 'PATCH', '/properties/1/', { price: '222.00' });
    await row(page, 'Flat 1').getByText('222.00').waitFor(); // Its button is another one now.
    await button(page, 'Save').click();
    await button(page, 'Save mine over it').click();
    await row(page, 'Flat 1').getByText('111.00').waitFor();
    await told(page);
    t.equal(await focused(page), 'Edit Flat 1');
    t.strictSame(complaints, []);
  });

  t.test(
    'stays on the button when what it asked for is refused, and goes back when it is given up',
    async (t) => {
      const { page, complaints } = await open(/status of 503/);
      const body = '{"code":"PL_OVERLOADED"}';
      await page.route('**/properties/2/', (route) =>
        route.request().method() === 'GET'
          ? route.continue()
          : route.fulfill({ status: 503, contentType: 'application/problem+json', body }),
      );
      const refusal = page
        .getByRole('alert')
        .getByText('The server cannot do this just now, and nothing was changed.');
      await button(page, 'Edit Flat 2').click();
      await fill(page, { price: '111.00' });
      await button(page, 'Save').click();
      await refusal.waitFor();
      t.equal(await focused(page), 'editor-save');
      t.equal(await page.getByLabel('Price', { exact: true }).inputValue(), '111.00');
      await page.keyboard.press('Escape');
      t.equal(await focused(page), 'Edit Flat 2');

      await button(page, 'Delete Flat 2').click();
      await button(page, 'Delete').click();
      await refusal.waitFor();
      t.equal(await page.evaluate('document.activeElement.textContent'), 'Delete');
      await button(page, 'Keep it').click();
      t.equal(await focused(page), 'Delete Flat 2');
      t.strictSame(complaints, []);
    },
  );

  t.test('goes to the list when the row that had it is gone', async (t) => {
    const { page, complaints } = await open(/status of 404/);
    await button(page, 'Edit Flat 3').focus();
    await write(app, 'DELETE', '/properties/3/');
    await row(page, 'Flat 3').waitFor({ state: 'detached' });
    t.equal(await focused(page), 'listings');

    await button(page, 'Delete Flat 4').click();
    await page.getByRole('dialog').waitFor();
    await write(app, 'DELETE', '/properties/4/');
    await row(page, 'Flat 4').waitFor({ state: 'detached' });
    await button(page, 'Keep it').click();
    await page.locator('#listings:focus').waitFor();

    await button(page, 'Delete Flat 5').click();
    await button(page, 'Delete').click();
    await row(page, 'Flat 5').waitFor({ state: 'detached' });
    t.equal(await focused(page), 'listings');
    t.strictSame(complaints, []);
  });

  t.test('goes to the list when the button that led there is gone', async (t) => {
    const { page, complaints } = await open();
    await page.getByLabel('Words').fill('castle');
    await button(page, 'Clear the search').click();
    await row(page, 'Flat 9').waitFor();
    t.equal(await focused(page), 'listings');
    t.strictSame(complaints, []);
  });
});
