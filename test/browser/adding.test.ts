import t from 'tap';
import { LISTING } from '../helpers/app.ts';
import { checkAccessible, DESK, PHONE, skipWithoutChromium, visit } from './chromium.ts';
import { fill, giveKey, ready, row, serve, told } from './dashboard.ts';
import { sharedBrowser } from './shared-browser.ts';

t.test('adding a listing', { skip: skipWithoutChromium }, async (t) => {
  const { address } = await serve(t, 12);
  const browser = await sharedBrowser();

  for (const [name, screen] of Object.entries({ 'a phone': PHONE, 'a desk': DESK })) {
    t.test(`shows what it did to the cache: on ${name}`, async (t) => {
      const { page, complaints } = await visit(t, browser, address, { screen });
      await ready(page);
      await checkAccessible(t, page);

      await page.getByRole('button', { name: 'Add a listing' }).click();
      await checkAccessible(t, page);
      await fill(page, { ...LISTING, title: `Villa for ${name}` });
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('dialog', { name: 'Write key' }).waitFor();
      await checkAccessible(t, page);
      await giveKey(page);

      await row(page, `Villa for ${name}`).waitFor();
      await told(page);
      t.equal(await page.locator('#step-change .words').textContent(), `You added “Villa for ${name}”.`);
      await page.locator('#step-tags code', { hasText: /^properties$/ }).waitFor();
      t.strictSame(await page.locator('#step-next .badge').allTextContents(), ['fresh', 'fresh']);
      t.strictSame(await page.locator('#step-others .badge').allTextContents(), ['hit', 'hit']);
      const latest = page.locator('#invalidations > li').first();
      t.equal(await latest.locator('.cause').textContent(), 'write here');
      t.match(await latest.locator('.tags code').allTextContents(), ['properties', /^location:\d+$/]);
      t.match(await latest.locator('.tags li').last().textContent(), /^location:\d+ Accra$/);
      await page.locator('#step-tags li', { hasText: 'lists of Accra' }).waitFor();
      t.equal(await page.evaluate('document.getAnimations().length'), 0, 'nothing moves');
      await checkAccessible(t, page);
      t.strictSame(complaints, []);
    });
  }

  t.test('asks for the key once', async (t) => {
    const { page, complaints } = await visit(t, browser, address);
    await ready(page);
    for (const title of ['The first', 'The second']) {
      await page.getByRole('button', { name: 'Add a listing' }).click();
      await fill(page, { ...LISTING, title });
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      if (title === 'The first') await giveKey(page);
      await row(page, title).waitFor();
    }
    t.strictSame(complaints, []);
  });

  t.test('asks again, and says why, when the key is not taken; without one nothing is added', async (t) => {
    const { page, complaints } = await visit(t, browser, address, { expected: /status of 401/ });
    await ready(page);
    await page.getByRole('button', { name: 'Add a listing' }).click();
    await fill(page, { ...LISTING, title: 'Never' });
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await giveKey(page, 'not-the-key');
    await page.getByText('The server did not take this key.').waitFor();
    t.equal(await page.evaluate('document.activeElement.id'), 'key');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Add a listing' }).waitFor();
    t.equal(await page.evaluate('document.activeElement.id'), 'editor-save');
    await page.getByRole('button', { name: 'Cancel' }).click();
    t.equal(await row(page, 'Never').count(), 0);
    t.strictSame(complaints, []);
  });

  t.test(
    'says beside each wrong field what to write before it asks for a key, and keeps what was typed',
    async (t) => {
      const { page, complaints } = await visit(t, browser, address, { screen: PHONE });
      await ready(page);
      await page.getByRole('button', { name: 'Add a listing' }).click();
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      const wrong = "[...document.querySelectorAll('[aria-invalid]')].map(({ name }) => name)";
      t.strictSame(await page.evaluate(wrong), ['title', 'location', 'price', 'description']);
      t.equal(await page.evaluate('document.activeElement.name'), 'title', 'the first of them has the focus');
      await fill(page, {
        title: 'Half a listing',
        location: 'Accra',
        price: '12,5',
        description: ' \u200b ',
      });
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      const price = page.getByLabel('Price', { exact: true });
      await page.getByText('Write the price in digits, such as 1200 or 1200.50').waitFor();
      t.notOk(await page.getByRole('dialog', { name: 'Write key' }).isVisible());
      t.equal(await price.getAttribute('aria-invalid'), 'true');
      t.ok(await page.locator('#edit-description-error').isVisible());
      t.equal(await price.inputValue(), '12,5');
      t.equal(await page.evaluate('document.activeElement.name'), 'price', 'the first of them has the focus');
      await checkAccessible(t, page);

      await fill(page, { price: '12.5', description: 'Quiet.' });
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await giveKey(page);
      await row(page, 'Half a listing').waitFor();
      t.equal(await row(page, 'Half a listing').locator('.price').textContent(), '12.50');
      t.strictSame(complaints, []);
    },
  );

  t.test('keeps what was typed at Escape, until it is added or given up', async (t) => {
    const { page, complaints } = await visit(t, browser, address, { screen: PHONE });
    await ready(page);
    const add = page.getByRole('button', { name: 'Add a listing' });
    const title = page.getByLabel('Title', { exact: true });
    const restored = page.getByText('Here is what you had typed before.');
    await add.click();
    await page.keyboard.press('Escape');
    await add.click();
    t.notOk(await restored.isVisible(), 'nothing was typed');
    await fill(page, { title: 'Half a villa', description: 'Two\nlines.' });
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Edit Flat 11', exact: true }).click();
    await page.getByRole('dialog', { name: 'Edit listing 11' }).waitFor();
    t.equal(await title.inputValue(), 'Flat 11', 'another listing has its own');
    await page.keyboard.press('Escape');
    await add.click();
    await restored.waitFor();
    t.equal(await title.inputValue(), 'Half a villa');
    t.equal(await page.getByLabel('Description', { exact: true }).inputValue(), 'Two\nlines.');
    await checkAccessible(t, page);
    await page.getByRole('button', { name: 'Start over' }).click();
    t.equal(await title.inputValue(), '');
    t.notOk(await restored.isVisible());
    await fill(page, { title: 'Given up' });
    await page.getByRole('button', { name: 'Cancel' }).click();
    await add.click();
    t.equal(await title.inputValue(), '');

    await fill(page, { ...LISTING, title: 'Kept and added' });
    await page.keyboard.press('Escape');
    await add.click();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await giveKey(page);
    await row(page, 'Kept and added').waitFor();
    await add.click();
    t.equal(await title.inputValue(), '', 'what was added is no draft any more');
    t.strictSame(complaints, []);
  });

  t.test('takes no mouse', async (t) => {
    const { page, complaints } = await visit(t, browser, address);
    await ready(page);
    const { keyboard } = page;
    await keyboard.press('Tab');
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the listings');
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Add a listing');
    await keyboard.press('Enter');
    for (const text of ['By keyboard', 'Accra', '900', 'Quiet.']) {
      await keyboard.type(text);
      await keyboard.press('Tab');
    }
    await keyboard.press('Tab'); // Past Cancel.
    await keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Write key' }).waitFor();
    await keyboard.type('a-write-key-for-the-tests');
    await keyboard.press('Enter');
    await row(page, 'By keyboard').waitFor();
    t.equal(
      await page.evaluate('document.activeElement.textContent'),
      'Add a listing',
      'it goes on where it began',
    );
    t.strictSame(complaints, []);
  });
});
