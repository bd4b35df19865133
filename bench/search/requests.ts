import { CITIES } from '../../src/features/properties/sample-words.ts';
import type { Random } from '../../support/random.ts';

/** The list of all rows, asked for after a change. */
export const LISTS = {
  'every listing': { rounds: 5, path: '/properties/' },
} as const;

const LOCATIONS = CITIES.flatMap(({ city, areas }) => areas.map((area) => `${area}, ${city}`));
const WORDS = [
  'flat',
  'villa',
  'studio',
  'balcony',
  'market',
  'school',
  'quiet',
  'internet',
  'pets',
  'zebra',
];
const PLACES = ['osu', 'accra', 'lagos', 'tema', 'kumasi', 'ikoyi'];
const SORTS = ['id', '-id', 'price', '-price', 'created_at', '-created_at'];
const DAY_MS = 86_400_000;

type Parameters = Readonly<Record<string, string | readonly string[]>>;

/** Pages of 50: what a request of each kind is. */
export const PAGES: Readonly<Record<string, (random: Random) => string>> = {
  'sorted, somewhere': (random) => path({ ...from(random), sort: random.pick(SORTS) }),
  'filtered and sorted': (random) => path({ ...filters(random), sort: random.pick(SORTS) }),
  'one or two words, best first': (random) => path({ ...from(random), q: words(random) }),
  'words, filtered and sorted': (random) =>
    path({ ...filters(random), q: words(random), sort: random.pick(SORTS) }),
};

/** Requests that were not made before: every one is different. */
const from = (random: Random): Parameters => ({ min_price: (random.below(150_000) / 100).toFixed(2) });

function filters(random: Random): Parameters {
  const chosen: Record<string, string | readonly string[]> = {};
  const kind = random.below(4);
  if (kind !== 0) {
    const price = random.below(250_000) / 100;
    chosen.min_price = price.toFixed(2);
    if (random.below(2) === 0) chosen.max_price = (price + random.pick([50, 250, 1_000])).toFixed(2);
  }
  if (kind !== 1) chosen.location = random.shuffled(LOCATIONS).slice(0, random.pick([1, 1, 2, 5]));
  if (kind === 2) {
    const after = Date.now() - random.below(360) * DAY_MS;
    chosen.created_after = new Date(after).toISOString();
    if (random.below(2) === 0) chosen.created_before = new Date(after + 30 * DAY_MS).toISOString();
  }
  if (kind === 0) chosen.created_after = new Date(Date.now() - random.below(1e9)).toISOString();
  return chosen;
}

const words = (random: Random): string =>
  [random.pick(WORDS), ...(random.below(2) === 0 ? [random.pick(PLACES)] : [])].join(' ');

function path(parameters: Parameters): string {
  const search = new URLSearchParams({ limit: '50' });
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of [values].flat()) search.append(name, value);
  }
  return `/properties/?${search}`;
}
