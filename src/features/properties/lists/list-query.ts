/** A query for listings, normalised: two that select the same in the same order are equal, however they were written. */
export interface ListQuery {
  readonly filters: Filters;
  readonly sort: Sort;
  /** How many listings at most; undefined: all of them. */
  readonly limit: number | undefined;
  /** The listing after which the answer begins. */
  readonly after: Position | undefined;
}

export interface Filters {
  /** In small letters, sorted, none twice; none: any location. */
  readonly locations: readonly string[];
  /** Prices with two decimals, both included. */
  readonly minPrice: string | undefined;
  readonly maxPrice: string | undefined;
  /** Words in small letters, sorted, none twice, with spaces between them: all have to be there. */
  readonly words: string | undefined;
  /** Moments in UTC to the millisecond, neither included. */
  readonly createdAfter: string | undefined;
  readonly createdBefore: string | undefined;
}

export const SORT_KEYS = ['id', 'price', 'created_at', 'relevance'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Sort {
  readonly by: SortKey;
  readonly descending: boolean;
}

/** Where a listing stands in a sort: no two are equal, because the id decides between the same values. */
export interface Position {
  /** What it is sorted by, as text; its id again if that is what it is sorted by. */
  readonly value: string;
  readonly id: number;
}

/** The list query without parameters. */
export const EVERY_PROPERTY: ListQuery = {
  filters: {
    locations: [],
    minPrice: undefined,
    maxPrice: undefined,
    words: undefined,
    createdAfter: undefined,
    createdBefore: undefined,
  },
  sort: { by: 'id', descending: false },
  limit: undefined,
  after: undefined,
};

/** How a list query without a `sort` is sorted. */
export function sortOf(given: Sort | undefined, { words }: Pick<Filters, 'words'>): Sort {
  return given ?? { by: words === undefined ? 'id' : 'relevance', descending: false };
}

/** The filters as query parameters, in one order. */
export function filterParameters(filters: Filters): URLSearchParams {
  const { locations, minPrice, maxPrice, words, createdAfter, createdBefore } = filters;
  const parameters = new URLSearchParams();
  for (const location of locations) parameters.append('location', location);
  const others = {
    min_price: minPrice,
    max_price: maxPrice,
    q: words,
    created_after: createdAfter,
    created_before: createdBefore,
  };
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined) parameters.append(name, value);
  }
  return parameters;
}

/** Filters and sort as query parameters: what the position of a cursor belongs to. */
export function orderParameters({ filters, sort }: Pick<ListQuery, 'filters' | 'sort'>): URLSearchParams {
  const parameters = filterParameters(filters);
  const { by, descending } = sort;
  const usual = sortOf(undefined, filters);
  if (by !== usual.by || descending) parameters.append('sort', `${descending ? '-' : ''}${by}`);
  return parameters;
}
