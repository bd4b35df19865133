import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Faker } from '@faker-js/faker';
import type { Prisma } from '../../coherence/index.ts';
import { SamplesLocked } from '../../errors.ts';
import type { Data } from './columns.ts';
import { ADJECTIVES, CITIES, FEATURES, HOMES, NEARBY, NUMBERS, STREETS, TERMS } from './sample-words.ts';
import type { PropertyInput } from './schemas.ts';

export interface SampleOptions {
  readonly count: number;
  /** Fixes every listing: a whole number below `SEEDS`. Without one they differ each time. */
  readonly seed?: number | undefined;
  /** When the newest could have been added. Milliseconds since the epoch. */
  readonly now?: number;
}

/** A listing, and since when it has been there: some time in the last year. */
export type SampleListing = Data<Required<PropertyInput>> & { readonly createdAt: Date };

/** How many seeds there are. */
export const SEEDS = 2 ** 32;

/** How many listings are in memory at a time. Another number gives other listings for every seed. */
const BATCH = 1_000;

const YEAR_MS = 365 * 24 * 60 * 60 * 1_000;

/** The seed of the listings that an embedded database starts with. */
const FIRST_SEED = 1;

/** The key of the advisory lock under which one server of several adds them. */
const FIRST_LISTINGS_LOCK = 7_072_736_901;

/**
 * Realistic listings, in batches. The same seed gives the same ones, as old as they were, and a larger count only adds to them:
 * each batch has a seed of its own and is made in one turn, because all callers share one generator.
 * `@faker-js/faker` is a development dependency and loaded only here.
 */
export async function* sampleListings({
  count,
  seed = randomInt(SEEDS),
  now = Date.now(),
}: SampleOptions): AsyncGenerator<SampleListing[]> {
  const { faker } = await import('@faker-js/faker/locale/en_GH');
  for (let start = 0; start < count; start += BATCH) {
    faker.seed([seed, start]);
    yield Array.from({ length: Math.min(BATCH, count - start) }, () => sampleListing(faker, now));
  }
}

/** How long another session may hold the lock, and between two attempts to get it. Milliseconds. */
const LOCK_MS = 60_000;
const LOOK_MS = 100;

/** What adding them may take, on any machine. Milliseconds. */
const ADD_MS = 60_000;

/**
 * Adds `count` listings, always the same ones, to a table that has never held a row: they do not
 * come back after all were deleted. Servers that start at once on a new database add them once.
 *
 * @throws SamplesLocked when another session holds the lock for longer than `patience` milliseconds
 */
export async function addSampleListings(prisma: Prisma, count: number, patience = LOCK_MS): Promise<void> {
  if (await isUsed(prisma)) return;
  const listings: SampleListing[] = [];
  for await (const batch of sampleListings({ count, seed: FIRST_SEED })) listings.push(...batch);
  const deadline = performance.now() + patience;
  while (!(await addUnlessUsed(prisma, listings))) {
    if (performance.now() > deadline) throw new SamplesLocked(FIRST_LISTINGS_LOCK);
    await delay(LOOK_MS);
  }
}

/** False while another session has the lock: not waited for in PostgreSQL, where a query has less time. */
function addUnlessUsed(prisma: Prisma, listings: SampleListing[]): Promise<boolean> {
  return prisma.$transaction(
    async (tx) => {
      const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(${FIRST_LISTINGS_LOCK}) AS taken`;
      if (!lock?.taken) return false;
      if (!(await isUsed(tx))) await tx.property.createMany({ data: listings });
      return true;
    },
    { maxWait: ADD_MS, timeout: ADD_MS },
  );
}

/** Whether the table holds a row, or has ever given one an id. */
async function isUsed(client: Pick<Prisma, '$queryRaw'>): Promise<boolean> {
  const [table] = await client.$queryRaw<{ used: boolean }[]>`
    SELECT EXISTS (SELECT FROM properties_property) OR EXISTS (
      SELECT FROM pg_sequences
      WHERE format('%I.%I', schemaname, sequencename) = pg_get_serial_sequence('properties_property', 'id')
        AND last_value IS NOT NULL) AS used`;
  return table?.used === true;
}

function sampleListing(faker: Faker, now: number): SampleListing {
  const { city, areas, rent } = faker.helpers.arrayElement(CITIES);
  const area = faker.helpers.arrayElement(areas);
  const home = sampleHome(faker);
  return {
    title: `${capitalized(home.name)} in ${area}`,
    description: sampleDescription(faker, home),
    price: (Math.round((home.rent * rent) / 2.5) * 2.5).toFixed(2),
    location: `${area}, ${city}`,
    createdAt: new Date(now - faker.number.int(YEAR_MS)),
  };
}

/** What a home is, its square metres, and what it would cost a month in Accra. */
interface SampleHome {
  readonly name: string;
  readonly size: number;
  readonly rent: number;
}

function sampleHome({ helpers, number }: Faker): SampleHome {
  const { kind, bedrooms, size, rent } = helpers.arrayElement(HOMES);
  const [min, max] = bedrooms;
  const rooms = number.int({ min, max });
  const more = Math.max(rooms - 1, 0);
  return {
    name: rooms === 0 ? kind : `${NUMBERS[rooms]}-bedroom ${kind}`,
    size: Math.round((size * (1 + 0.45 * more) * number.int({ min: 85, max: 120 })) / 100),
    rent: (rent * (1 + 0.4 * more) * number.int({ min: 80, max: 130 })) / 100,
  };
}

/** One to three sentences. */
function sampleDescription({ helpers, number, person }: Faker, { name, size }: SampleHome): string {
  const adjective = helpers.arrayElement(ADJECTIVES);
  const street = `${person.lastName()} ${helpers.arrayElement(STREETS)}`;
  const walk = `${number.int({ min: 2, max: 15 })} minutes' walk from ${helpers.arrayElement(NEARBY)}`;
  const [first, second] = helpers.arrayElements(FEATURES, 2);
  const sentences = [
    `${adjective} ${name.toLowerCase()} of ${size} m² on ${street}, ${walk}.`,
    `It has ${first} and ${second}.`,
    `${helpers.arrayElement(TERMS)}.`,
  ];
  return sentences.slice(0, number.int({ min: 1, max: sentences.length })).join(' ');
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
