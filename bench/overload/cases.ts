import { get, message, WRITE_FIELDS } from '../speed/requests.ts';

export interface Case {
  readonly name: string;
  readonly text: string;
}

const PRICE = '{"price":"{price}"}';

/** What is asked: pages that are in the cache, ones that never are, and changes. */
export const CASES: readonly Case[] = [
  { name: 'hits', text: get('/properties/') },
  { name: 'misses', text: get('/properties/?limit=10&max_price={price}') },
  {
    name: 'writes',
    text: message(
      'PATCH /properties/{id}/ HTTP/1.1',
      // A price is as long as its placeholder and four characters more.
      { ...WRITE_FIELDS, 'content-length': String(PRICE.length + 4) },
      PRICE,
    ),
  },
];
