import type { Page } from 'playwright-core';
import t from 'tap';
import { checkAccessible, PHONE, skipWithoutChromium, visit } from './chromium.ts';
import { ready, row, serve } from './dashboard.ts';
import { sharedBrowser } from './shared-browser.ts';

const total = (page: Page) => page.locator('#total');
const titles = (page: Page) => page.locator('#rows .title').allTextContents();
const flats = (from: number, to: number, step = -1) =>
  Array.from({ length: Math.abs((to - from) / step) + 1 }, (_, n) => `Flat ${from + n * step}`);

t.test('listings are found', { skip: skipWithoutChromium }, async (t) => {
  const { address } = await serve(t, 23);
  const browser = await sharedBrowser();

  t.test('page by page, forward and back, by buttons and by the history', async (t) => {
    const { page, complaints } = await visit(t, browser, address, { screen: PHONE });
    await ready(page);
    t.strictSame(await titles(page), flats(23, 14));
    const [next, previous] = [
      page.getByRole('button', { name: 'Next' }),
      page.getByRole('button', { name: 'Previous' }),
    ];
    t.ok(await previous.isDisabled());
    await next.click();
    await page.getByText('Page 2 of 3').waitFor();
    t.strictSame(await titles(page), flats(13, 4));
    await next.click();
    await page.getByText('Page 3 of 3').waitFor();
    t.strictSame(await titles(page), flats(3, 1));
    t.ok(await next.isDisabled());
    await page.reload();
    await page.getByText('Page 3 of 3').waitFor();
    t.strictSame(await titles(page), flats(3, 1), 'a reload changes nothing');
    await previous.click();
    await page.getByText('Page 2 of 3').waitFor();
    await previous.click();
    await page.getByText('Page 1 of 3').waitFor();
    t.strictSame(await titles(page), flats(23, 14));
    await page.goBack();
    await page.getByText('Page 2 of 3').waitFor();
    t.strictSame(await titles(page), flats(13, 4));
    t.strictSame(complaints, []);
  });

  t.test('by words, location and price, in an order; the address says what was asked', async (t) => {
    const { page, complaints } = await visit(t, browser, address);
    await ready(page);
    await page.getByLabel('Location').first().fill('accra');
    await total(page).getByText('11 listings found').waitFor();
    await page.getByLabel('Price from').fill('110');
    await page.getByLabel('Price to').fill('114');
    await total(page).getByText('3 listings found').waitFor();
    await page.getByLabel('Order').selectOption('Cheapest first');
    await row(page, 'Flat 10').and(page.locator('#rows > li:first-child')).waitFor();
    t.strictSame(await titles(page), ['Flat 10', 'Flat 12', 'Flat 14']);
    t.equal(new URL(page.url()).search, '?location=accra&min_price=110&max_price=114&sort=price');

    const { page: shared } = await visit(t, browser, page.url());
    await ready(shared);
    t.strictSame(
      await titles(shared),
      ['Flat 10', 'Flat 12', 'Flat 14'],
      'a second person who opens it sees the same',
    );
    t.equal(await shared.getByLabel('Price from').inputValue(), '110');

    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await total(page).getByText('23 listings', { exact: true }).waitFor();
    await page.getByLabel('Words').fill('flat 7');
    await total(page).getByText('1 listing found').waitFor();
    t.strictSame(await titles(page), ['Flat 7']);
    t.strictSame(complaints, []);
  });

  t.test('or are not, which leads back to all of them', async (t) => {
    const { page, complaints } = await visit(t, browser, `${address}?q=castle`);
    await page.getByText('No listing matches').waitFor();
    await checkAccessible(t, page);
    await page.getByRole('button', { name: 'Clear the search' }).click();
    await row(page, 'Flat 23').waitFor();
    t.strictSame(complaints, []);
  });

  t.test('or the filter is wrong, which is said beside it', async (t) => {
    const { page, complaints } = await visit(t, browser, address, { expected: /status of 400/ });
    await ready(page);
    await page.getByLabel('Price from').fill('cheap');
    await page.locator('#min_price-error').waitFor();
    await page.getByText('Something in the search has to be changed').waitFor();
    await page
      .locator('#list-state')
      .getByText('Price from: Write an amount in digits, such as 500')
      .waitFor();
    t.notMatch(await page.locator('main').textContent(), /server/, 'nothing is wrong with that');
    await checkAccessible(t, page);
    await page.getByLabel('Price from').fill('100');
    await row(page, 'Flat 23').waitFor();
    t.notOk(await page.locator('#min_price-error').isVisible());
    await page.getByLabel('Price to').fill('99');
    await page
      .locator('#list-state')
      .getByText('Price to: Write an amount that is not below “Price from”.')
      .waitFor();
    await page.getByLabel('Price to').fill('123');
    await row(page, 'Flat 23').waitFor();
    await page.getByLabel('Words').fill('a b c d e f g h i j k');
    await page.locator('#list-state').getByText('Words: Write 10 words at most').waitFor();
    t.strictSame(complaints, []);
  });

  t.test('on a phone without scrolling', async (t) => {
    const { page, complaints } = await visit(t, browser, address, { screen: PHONE });
    await ready(page);
    const box = await row(page, 'Flat 23').boundingBox();
    t.ok(box && box.y + box.height < 740, `the first one ends at ${box && box.y + box.height} of 740`);
    t.strictSame(complaints, []);
  });

  t.test('from a cursor of somewhere else on, from the first page', async (t) => {
    const { page, complaints } = await visit(t, browser, `${address}?cursor=nowhere`, {
      expected: /status of 400/,
    });
    await row(page, 'Flat 23').waitFor();
    t.equal(new URL(page.url()).search, '');
    t.strictSame(complaints, []);
  });
});
