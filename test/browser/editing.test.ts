import type { FastifyInstance } from 'fastify';
import type { Page } from 'playwright-core';
import t from 'tap';
import { settled, write } from '../helpers/app.ts';
import { checkAccessible, PHONE, skipWithoutChromium, visit } from './chromium.ts';
import { fill, keepKey, ready, row, serve, told } from './dashboard.ts';
import { sharedBrowser } from './shared-browser.ts';

const conflict = (page: Page) => page.getByText('Somebody else changed this listing while you edited it.');

/** Opens a listing to edit, and changes its price elsewhere meanwhile. */
async function editTooLate(page: Page, app: FastifyInstance, id: number): Promise<void> {
  await ready(page);
  await keepKey(page);
  await page.getByRole('button', { name: `Edit Flat ${id}`, exact: true }).click();
  await fill(page, { price: '111.00' });
  await write(app, 'PATCH', `/properties/${id}/`, { price: '222.00' });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await conflict(page).waitFor();
}

t.test('a listing that is there', { skip: skipWithoutChromium }, async (t) => {
  const { app, address } = await serve(t, 8);
  const browser = await sharedBrowser();

  t.test('is edited, which changes its row and leaves the others in the cache', async (t) => {
    const { page, complaints } = await visit(t, browser, address);
    await ready(page);
    await keepKey(page);
    await page.getByRole('button', { name: 'Edit Flat 1', exact: true }).click();
    await fill(page, { price: '1999.5' });
    await settled(app, () => page.getByRole('button', { name: 'Save', exact: true }).click());
    await row(page, 'Flat 1').getByText('1,999.50').waitFor();
    await told(page);
    t.strictSame(await page.locator('#step-next .badge').allTextContents(), ['fresh', 'fresh']);
    t.strictSame(await page.locator('#step-others .badge').allTextContents(), ['hit', 'hit']);
    await page.locator('#step-tags code', { hasText: /^property:1$/ }).waitFor();
    t.equal(await page.locator('#step-change .words').textContent(), 'You changed the price of “Flat 1”.');
    t.match(await row(page, 'Flat 1').getAttribute('class'), /\bchanged\b/);

    // The first one reads what PostgreSQL's own word of the change may have invalidated once more.
    const again = page.getByRole('button', { name: 'Read again' });
    await again.click();
    await page.locator('#step-others .again .badge').first().waitFor();
    await again.click();
    await page.locator('#step-next .again .badge.hit').waitFor();
    t.strictSame(await page.locator('#step-others .again .badge').allTextContents(), ['hit', 'hit']);
    t.strictSame(complaints, []);
  });

  t.test('that somebody else changed meanwhile can be saved over, once both versions are seen', async (t) => {
    const { page, complaints } = await visit(t, browser, address, {
      screen: PHONE,
      expected: /status of 412/,
    });
    await editTooLate(page, app, 2);
    const versions = await page.locator('#editor-conflict dd').allTextContents();
    t.strictSame(versions, ['Theirs 222.00', 'Yours 111.00']);
    await checkAccessible(t, page);
    await page.getByRole('button', { name: 'Save mine over it' }).click();
    await row(page, 'Flat 2').getByText('111.00').waitFor();
    t.strictSame(complaints, []);
  });

  t.test('that somebody else changed meanwhile can be taken as it is', async (t) => {
    const { page, complaints } = await visit(t, browser, address, { expected: /status of 412/ });
    await editTooLate(page, app, 3);
    await page.getByRole('button', { name: 'Take theirs' }).click();
    t.equal(await page.getByLabel('Price', { exact: true }).inputValue(), '222.00');
    t.notOk(await conflict(page).isVisible());
    await page.getByRole('button', { name: 'Cancel' }).click();
    await row(page, 'Flat 3').getByText('222.00').waitFor();
    t.strictSame(complaints, []);
  });

  t.test('that somebody else changed in another field is saved with both changes', async (t) => {
    const { page, complaints } = await visit(t, browser, address, { expected: /status of 412/ });
    await ready(page);
    await keepKey(page);
    await page.getByRole('button', { name: 'Edit Flat 7', exact: true }).click();
    await fill(page, { price: '707.00' });
    await page.keyboard.press('Escape');
    await write(app, 'PATCH', '/properties/7/', { location: 'Tema' });
    await row(page, 'Flat 7').getByText('Tema').waitFor();
    await page.getByRole('button', { name: 'Edit Flat 7', exact: true }).click();
    await page.getByText('Here is what you had typed before.').waitFor();
    t.equal(await page.getByLabel('Price', { exact: true }).inputValue(), '707.00', 'Escape kept it');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await row(page, 'Flat 7').getByText('707.00').waitFor();
    t.equal(await row(page, 'Flat 7').locator('.location').textContent(), 'Tema');
    const words =
      'You changed the price of “Flat 7”. Somebody else had changed the location meanwhile: that was kept.';
    await page.locator('#step-change').getByText(words).waitFor();
    t.notOk(await conflict(page).isVisible());
    t.strictSame(complaints, []);
  });

  t.test(
    'that somebody else changed in the same field and another one shows the same field only',
    async (t) => {
      const { page, complaints } = await visit(t, browser, address, { expected: /status of 412/ });
      await ready(page);
      await keepKey(page);
      await page.getByRole('button', { name: 'Edit Flat 8', exact: true }).click();
      await fill(page, { price: '808.00', description: 'Mine.' });
      await write(app, 'PATCH', '/properties/8/', { price: '880.00', location: 'Tema' });
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await conflict(page).waitFor();
      const versions = await page.locator('#editor-conflict dd').allTextContents();
      t.strictSame(versions, ['Theirs 880.00', 'Yours 808.00']);
      await page.getByRole('button', { name: 'Take theirs' }).click();
      t.equal(await page.getByLabel('Description', { exact: true }).inputValue(), 'Mine.');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      t.match((await app.inject('/properties/8/')).json(), {
        price: '880.00',
        location: 'Tema',
        description: 'Mine.',
      });
      t.strictSame(complaints, []);
    },
  );

  t.test('is deleted, after a question', async (t) => {
    const { page, complaints } = await visit(t, browser, address);
    await ready(page);
    await keepKey(page);
    await page.getByRole('button', { name: 'Delete Flat 4', exact: true }).click();
    await page.getByRole('dialog', { name: 'Delete this listing?' }).getByText('Flat 4').waitFor();
    await checkAccessible(t, page);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await row(page, 'Flat 4').waitFor({ state: 'detached' });
    await page.getByText('You deleted “Flat 4”.').first().waitFor();
    await told(page);
    t.strictSame(await page.locator('#step-next .badge').allTextContents(), ['fresh']);
    t.strictSame(complaints, []);
  });

  t.test('that somebody else changed meanwhile is shown again before it is deleted', async (t) => {
    const { page, complaints } = await visit(t, browser, address, { expected: /status of 412/ });
    await ready(page);
    await keepKey(page);
    await page.getByRole('button', { name: 'Delete Flat 5', exact: true }).click();
    await page.getByRole('dialog').getByText('Flat 5').waitFor(); // It has read the listing.
    await write(app, 'PATCH', '/properties/5/', { price: '333.00' });
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('Somebody changed this listing meanwhile.').waitFor();
    await page.getByRole('dialog').getByText('333.00').waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await row(page, 'Flat 5').waitFor({ state: 'detached' });
    t.strictSame(complaints, []);
  });

  t.test('that somebody else deleted is said to be gone, and can be added as a new one', async (t) => {
    const { page, complaints } = await visit(t, browser, address, { expected: /status of 404/ });
    await ready(page);
    await keepKey(page);
    await page.getByRole('button', { name: 'Edit Flat 6', exact: true }).click();
    await fill(page, { price: '444.00' });
    await write(app, 'DELETE', '/properties/6/');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Somebody deleted this listing meanwhile.').waitFor();
    await row(page, 'Flat 6').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await row(page, 'Flat 6').getByText('444.00').waitFor();
    t.strictSame(complaints, []);
  });
});
