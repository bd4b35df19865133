import t from 'tap';
import { LISTING } from '../helpers/app.ts';
import { checkAccessible, DESK, launch, PHONE, skipWithoutChromium, visit } from './chromium.ts';
import { fill, giveKey, ready, row, serve, told } from './dashboard.ts';

t.test('adding a listing', { skip: skipWithoutChromium }, async (t) => {
  const { address } = await serve(t, 12);
  const browser = await launch(t);

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
    await page.getByText('That is not a write key of this server').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Add a listing' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    t.equal(await row(page, 'Never').count(), 0);
    t.strictSame(complaints, []);
  });

  t.test('says beside each field what is wrong with it, and keeps what was typed', async (t) => {
    const { page, complaints } = await visit(t, browser, address, {
      screen: PHONE,
      expected: /status of 400/,
    });
    await ready(page);
    await page.getByRole('button', { name: 'Add a listing' }).click();
    await fill(page, { title: 'Half a listing', location: 'Accra', price: '12,5' });
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await giveKey(page);
    const price = page.getByLabel('Price', { exact: true });
    await page.getByText('Must be from 0 to 99999999.99 with at most two decimals.').waitFor();
    t.equal(await price.getAttribute('aria-invalid'), 'true');
    t.ok(await page.locator('#edit-description-error').isVisible());
    t.equal(await price.inputValue(), '12,5');
    t.equal(await page.evaluate('document.activeElement.name'), 'price', 'the first of them has the focus');
    await checkAccessible(t, page);

    await fill(page, { price: '12.5', description: 'Quiet.' });
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await row(page, 'Half a listing').waitFor();
    t.equal(await row(page, 'Half a listing').locator('.price').textContent(), '12.50');
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
