import fc from 'fast-check';

/** A list query, each value in one form. */
export interface Plain {
  readonly location?: readonly string[];
  readonly min_price?: number;
  readonly max_price?: number;
  readonly q?: readonly string[];
  readonly created_after?: number;
  readonly created_before?: number;
  readonly sort?: string;
  readonly limit?: number;
}

const cents = fc.oneof(
  fc.integer({ min: 0, max: 9_999_999_999 }),
  fc.integer({ min: 0, max: 99 }).map((n) => n * 100),
);
/** Milliseconds, some of which are whole days or minutes. */
const moment = fc.oneof(
  fc.integer({ min: Date.UTC(1, 0, 2) + 6e13, max: Date.UTC(9999, 11, 30) }),
  fc.integer({ min: 0, max: 30_000 }).map((days) => days * 86_400_000),
  fc.integer({ min: 0, max: 30_000_000 }).map((minutes) => minutes * 60_000),
);

export const aQuestion: fc.Arbitrary<Plain> = fc
  .record(
    {
      location: fc.uniqueArray(fc.constantFrom('accra', 'osu, accra', 'école', 'ärö', 'a&b=c#d', '+', ' '), {
        minLength: 1,
        maxLength: 4,
      }),
      min_price: cents,
      max_price: cents,
      q: fc.uniqueArray(fc.constantFrom('flat', 'école', 'ä', '&', 'o', "'"), { minLength: 1, maxLength: 4 }),
      created_after: moment,
      created_before: moment,
      sort: fc.constantFrom('id', '-id', 'price', '-price', 'created_at', '-created_at', 'relevance'),
      limit: fc.integer({ min: 1, max: 1_000 }),
    },
    { requiredKeys: [] },
  )
  .map((listQuery) => {
    const { sort, ...unsorted } = listQuery;
    const rest = {
      ...unsorted,
      ...rangeOf(unsorted, 'min_price', 'max_price'),
      ...rangeOf(unsorted, 'created_after', 'created_before'),
    };
    // Relevance is known with words alone, and is then the usual sort.
    return sort === undefined || (sort === 'relevance' && rest.q === undefined) ? rest : { ...rest, sort };
  });

/** Both ends of a range the right way round: the other one is refused. */
function rangeOf<K extends 'min_price' | 'max_price' | 'created_after' | 'created_before'>(
  question: Plain,
  from: K,
  to: K,
): Pick<Plain, K> | undefined {
  const [begin = 0, end = 0] = [question[from], question[to]];
  const isRange = question[from] !== undefined && question[to] !== undefined;
  return isRange
    ? ({ [from]: Math.min(begin, end), [to]: Math.max(begin, end) } as Pick<Plain, K>)
    : undefined;
}

/** A spelling of the query. */
export function spellingsOf(listQuery: Plain): fc.Arbitrary<string> {
  const { location = [], q, sort, limit } = listQuery;
  const parts: fc.Arbitrary<[string, string][]>[] = [];
  const add = (name: string, value: fc.Arbitrary<string>) =>
    parts.push(
      fc.array(value, { minLength: 1, maxLength: 2 }).map((values) => values.map((one) => [name, one])),
    );
  for (const place of location) add('location', letterCaseOf(place));
  if (q) {
    const wordsTwice = fc.subarray([...q]).chain((some) => shuffled([...q, ...some]));
    const gap = fc.constantFrom(' ', '  ', '\n', '\u00a0');
    add(
      'q',
      fc.tuple(wordsTwice, gap).chain(([words, gap]) => letterCaseOf(words.join(gap))),
    );
  }
  for (const name of ['min_price', 'max_price'] as const) {
    if (listQuery[name] !== undefined) add(name, priceOf(listQuery[name]));
  }
  for (const name of ['created_after', 'created_before'] as const) {
    if (listQuery[name] !== undefined) add(name, momentOf(listQuery[name]));
  }
  const usual = q ? 'relevance' : 'id';
  if (sort === undefined || sort === usual) {
    const spelled = q ? ['relevance', '-relevance'] : ['id'];
    parts.push(fc.constantFrom([], ...spelled.map((sort): [string, string][] => [['sort', sort]])));
  } else add('sort', fc.constant(sort));
  if (limit !== undefined) add('limit', fc.constantFrom(String(limit), String(limit).padStart(4, '0')));
  return fc
    .tuple(...parts)
    .chain((lists) => shuffled(lists.flat()))
    .map((pairs) => String(new URLSearchParams(pairs)));
}

const shuffled = <T>(values: T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray(values, { minLength: values.length, maxLength: values.length });

const letterCaseOf = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((letter, i) => (upper[i] ? letter.toUpperCase() : letter)).join(''));

function priceOf(cents: number): fc.Arbitrary<string> {
  const full = (cents / 100).toFixed(2);
  const short = String(Number(full));
  const one = full.endsWith('0') ? full.slice(0, -1) : full;
  const zeros = short.split('.')[0]?.length === 8 ? short : `0${full}`;
  return fc.constantFrom(full, short, one, zeros);
}

function momentOf(ms: number): fc.Arbitrary<string> {
  const full = new Date(ms).toISOString();
  const inOffset = fc
    .tuple(fc.integer({ min: -23, max: 23 }), fc.constantFrom(0, 30, 59))
    .map(([hours, minutes]) => {
      const sign = hours < 0 ? -1 : 1;
      const local = new Date(ms + (hours * 60 + sign * minutes) * 60_000).toISOString();
      const two = (n: number) => String(Math.abs(n)).padStart(2, '0');
      return local.replace('Z', `${sign < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`);
    });
  const shorter = [full];
  if (ms % 10 === 0) shorter.push(full.replace(/0Z$/, 'Z'));
  if (ms % 1_000 === 0) shorter.push(full.replace('.000Z', 'Z'), full.replace('.000Z', '-00:00'));
  if (ms % 60_000 === 0) shorter.push(full.replace(':00.000Z', 'Z'));
  if (ms % 86_400_000 === 0) shorter.push(full.slice(0, 10));
  return fc.oneof(fc.constantFrom(...shorter), inOffset);
}
