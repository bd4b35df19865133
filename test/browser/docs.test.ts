import t from 'tap';
import { skipWithoutChromium, visit } from './chromium.ts';
import { serve } from './dashboard.ts';
import { sharedBrowser } from './shared-browser.ts';

t.test('/docs in a browser', { skip: skipWithoutChromium }, async (t) => {
  const { app, address } = await serve(t, 3);
  const browser = await sharedBrowser();

  t.test('"Try it out" and "Execute" of the first operation answer with listings', async (t) => {
    const { page } = await visit(t, browser, `${address}docs`);
    const operation = page.locator('.opblock').first();
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table .response');
    await answer.waitFor();
    t.match(await answer.innerText(), /^200[\s\S]*"properties":[\s\S]*Flat 3/);
  });

  t.test('so does the example of lines, which adds listings', async (t) => {
    const { page } = await visit(t, browser, `${address}docs`);
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.locator('.auth-container input').fill('a-write-key-for-the-tests');
    await page.locator('.auth-btn-wrapper').getByRole('button', { name: 'Apply credentials' }).click();
    await page.locator('.auth-btn-wrapper').getByRole('button', { name: 'Close' }).click();
    const operation = page.locator('#operations-properties-addListings');
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('.body-param-content-type select').selectOption('application/x-ndjson');
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table .response');
    await answer.waitFor();
    t.match(await answer.innerText(), /^201/);
    t.equal(await app.prisma.property.count(), 5);
  });
});
