import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Locator, Page } from 'playwright-core';
import type { Test } from 'tap';
import { execute, scratchDatabase } from '../../support/database.ts';
import { build, type LISTING, WRITE_KEY } from '../helpers/app.ts';
import { PATIENT_MS } from '../helpers/times.ts';

/** The service on a port, over a database of its own with as many listings as told: Flat 1 in Accra for 101.00, … */
export async function serve(t: Test, count: number, env: Record<string, string> = {}) {
  const url = env.DATABASE_URL ?? (await scratchDatabase(t));
  await execute(
    url,
    `INSERT INTO properties_property (title, description, price, location, created_at)
     SELECT 'Flat ' || n, 'Quiet.', 100 + n, CASE WHEN n % 2 = 0 THEN 'Accra' ELSE 'Lagos' END, now() - (100 - n) * interval '1 hour'
     FROM generate_series(1, ${count}) n`,
  );
  const app = await build(t, { ...env, DATABASE_URL: url }, { loopDelayMs: PATIENT_MS, gateMs: PATIENT_MS });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, url, address: addressOf(app) };
}

export function addressOf(app: FastifyInstance): string {
  const { port } = app.server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/`;
}

/** The row of the listing with this title. */
export const row = (page: Page, title: string): Locator =>
  page.locator('#rows > li', { has: page.getByRole('heading', { name: title, exact: true }) });

/** The page has its list, and the others that it watches, and is connected. */
export async function ready(page: Page): Promise<void> {
  await page.locator('#rows[aria-busy="false"]').waitFor({ state: 'attached' });
  await page.locator('#chips').getByText('Live connected').waitFor();
}

/** The story of a change has come to its end. */
export const told = (page: Page): Promise<void> => page.locator('#step-others .badge').first().waitFor();

/** Fills in the dialog in which a listing is added or edited. */
export async function fill(page: Page, fields: Partial<typeof LISTING>): Promise<void> {
  const dialog = page.getByRole('dialog');
  for (const [name, value] of Object.entries(fields)) await dialog.locator(`[name="${name}"]`).fill(value);
}

/** Gives the key when it is asked for. */
export async function giveKey(page: Page, key = WRITE_KEY): Promise<void> {
  await page.getByLabel('Key', { exact: true }).fill(key);
  await page.getByRole('button', { name: 'Use this key' }).click();
}

/** A page that has the key already, as after its first write. */
export const keepKey = (page: Page): Promise<unknown> =>
  page.evaluate(`sessionStorage.setItem('write-key', '${WRITE_KEY}')`);
