import { setTimeout as delay } from 'node:timers/promises';
import { execute, withParameter } from '../../../support/database.ts';
import { WRITE_KEY } from '../../helpers/app.ts';

/** Between two waves of requests, and between two changes. Milliseconds. */
const WAVE_MS = 250;
const CHANGE_MS = 9_000;

/** How long the number of requests in a wave takes to go up and down, and its bounds. */
const TIDE_MS = 90_000;
const LEAST = 4;
const MOST = 16;

export interface Places {
  /** Instances on one database. */
  readonly addresses: readonly string[];
  readonly databaseUrl: string;
  /** Listings there are: ids from 1. */
  readonly listings: number;
}

/** Readers who come and go, and a change now and then: by an instance, by the other one, or in `psql`. */
export async function makeTraffic(places: Places, signal: AbortSignal): Promise<void> {
  await Promise.all([read(places, signal), change(places, signal)]).catch((error) => {
    if (!signal.aborted) throw error;
  });
}

async function read({ addresses, listings }: Places, signal: AbortSignal): Promise<void> {
  for (let wave = 0; !signal.aborted; wave += 1) {
    const tide = (1 + Math.sin((wave * WAVE_MS * 2 * Math.PI) / TIDE_MS)) / 2;
    const requests = Math.round(LEAST + (MOST - LEAST) * tide);
    const urls = Array.from({ length: requests }, (_, n) => pageOf(wave * 7 + n * n, listings));
    await Promise.all(urls.map((url, n) => get(`${addresses[n % addresses.length]}${url}`)));
    await delay(WAVE_MS, undefined, { signal });
  }
}

/** Some pages are looked at by many, others by few. */
function pageOf(n: number, listings: number): string {
  if (n % 3 === 0) return '/properties/';
  if (n % 3 === 1) return `/properties/?q=garden&max_price=${1_000 + (n % 5) * 500}&limit=10`;
  return `/properties/${1 + (n % listings)}/`;
}

async function get(url: string): Promise<void> {
  await (await fetch(url)).arrayBuffer();
}

async function change({ addresses, databaseUrl, listings }: Places, signal: AbortSignal): Promise<void> {
  for (let n = 1; !signal.aborted; n += 1) {
    await delay(CHANGE_MS, undefined, { signal });
    const id = 1 + ((n * 5) % listings);
    if (n % 3 === 0) await changeInPsql(databaseUrl, id);
    else await changeBy(String(addresses[n % addresses.length]), id, 700 + n * 12.5);
  }
}

export async function changeBy(address: string, id: number, price: number): Promise<void> {
  const headers = { authorization: `Bearer ${WRITE_KEY}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ price: price.toFixed(2) });
  await fetch(`${address}/properties/${id}/`, { method: 'PATCH', headers, body });
}

export async function changeInPsql(databaseUrl: string, id: number): Promise<void> {
  const url = withParameter(databaseUrl, 'application_name', 'psql');
  await execute(url, `UPDATE properties_property SET price = price + 25 WHERE id = ${id}`);
}
