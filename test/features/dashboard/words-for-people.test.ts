import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Fastify from 'fastify';
import t from 'tap';
import { parseFilters } from '../../../src/features/properties/lists/parameters.ts';
import { PropertyInputSchema } from '../../../src/features/properties/schemas.ts';
import { validation } from '../../../src/features/properties/validation.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { LISTING } from '../../helpers/app.ts';

const fileOfPage = (name: string) => pathToFileURL(join(packageRoot, 'public', name)).href;

interface Failure {
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  readonly seconds?: number;
  readonly request?: string;
}
interface Words {
  readInWords(failure: Failure): string;
  writeInWords(failure: Failure): string;
}
interface Fields {
  wrongIn(input: typeof LISTING): ReadonlySet<string>;
  titleOf(listing: { title: string }): string;
}
const { readInWords, writeInWords }: Words = await import(fileOfPage('problem-words.js'));
const { wrongPrices }: { wrongPrices(parameters: URLSearchParams): ReadonlyMap<string, string> } =
  await import(fileOfPage('search-fields.js'));
const { wrongIn, titleOf }: Fields = await import(fileOfPage('listing-fields.js'));

const MAY_BE_SAVED = /It may have been saved all the same: look at the list before you try again\./;
const NOT_CHANGED = /nothing was changed\. Try again in a moment\.$/;

for (const [status, code, read, write] of [
  [0, undefined, /^The server cannot be reached\. Check/, MAY_BE_SAVED],
  [401, 'PL_WRITE_KEY_REQUIRED', /^You are not allowed/, /^The server did not take this key\. Check it/],
  [403, undefined, /^You are not allowed/, /^You are not allowed to change/],
  [404, 'PL_PROPERTY_NOT_FOUND', /^Somebody deleted it\.$/, /^Somebody deleted it\.$/],
  [412, 'PL_PROPERTY_CHANGED', /Reload the page/, /nothing was saved\.$/],
  [413, undefined, /Reload the page/, /Shorten the description\.$/],
  [418, undefined, /\(418\).*Reload the page/, /\(418\).*Reload the page/],
  [429, 'PL_TOO_MANY_WRITES', /Try again in a minute\.$/, /so this one was not\. Try again in a minute\.$/],
  [500, 'PL_INTERNAL', /^Something went wrong on the server\. Try again\.$/, MAY_BE_SAVED],
  [502, undefined, /^The server is busy, or is being restarted\./, MAY_BE_SAVED],
  [503, undefined, /^The server is busy, or is being restarted\./, MAY_BE_SAVED],
  [503, 'PL_DATABASE_UNAVAILABLE', /^The database does not answer just now\./, MAY_BE_SAVED],
  [503, 'PL_DATABASE_UNABLE', /^The database does not answer just now\./, NOT_CHANGED],
  [503, 'PL_DATABASE_BUSY', /^The server is busy/, NOT_CHANGED],
  [503, 'PL_OVERLOADED', /^The server is busy/, NOT_CHANGED],
  [504, undefined, /^The server is busy, or is being restarted\./, MAY_BE_SAVED],
] as const) {
  t.test(`a ${status} ${code ?? 'without a problem'} says what happened, and what to do next`, async (t) => {
    const failure = { status, ...(code && { code }) };
    t.match(readInWords(failure), read);
    t.notMatch(readInWords(failure), /sav|chang/, 'a read says nothing of writes');
    t.match(writeInWords(failure), write);
  });
}

t.test("the rule of the database's owner is told in the owner's words", async (t) => {
  const detail = 'A rule of the database does not allow this, and nothing was changed: at least 100';
  t.equal(writeInWords({ status: 422, detail }), `${detail}.`);
  t.equal(writeInWords({ status: 409, detail: `${detail}.` }), `${detail}.`);
});

t.test('a limit says when to try again, and a fault what the log calls it', async (t) => {
  t.match(writeInWords({ status: 429, seconds: 12 }), /Try again in 12 seconds\.$/);
  for (const inWords of [readInWords, writeInWords])
    t.match(inWords({ status: 500, request: 'ab-1' }), /about request ab-1\.$/);
});

t.test('a server without a key says that no key would do', async (t) => {
  const detail = 'Writing is off: this server was started without API_KEYS. Set API_KEYS to allow it';
  t.match(writeInWords({ status: 401, detail }), /^Nothing can be changed here/);
});

t.test('the form refuses what the server refuses, and nothing else', async (t) => {
  const app = Fastify({ ajv: validation });
  t.teardown(() => app.close());
  app.post('/', { schema: { body: PropertyInputSchema } }, async () => '');
  const texts = [
    '',
    ' ',
    '\u200b\u3164',
    '\u2800',
    '\ufe0f',
    '.',
    '❤️',
    'x'.repeat(100),
    'x'.repeat(101),
    '😀'.repeat(200),
    '😀'.repeat(201),
  ];
  const prices = ['', '12,5', '1e3', '-1', '12.345', '100000000', '0', '12.5', '99999999.99'];
  for (const [field, value] of [
    ...(['title', 'location', 'description'] as const).flatMap((field) =>
      texts.map((text) => [field, text] as const),
    ),
    ...prices.map((price) => ['price', price] as const),
  ]) {
    const payload = { ...LISTING, [field]: value };
    const { statusCode } = await app.inject({ method: 'POST', url: '/', payload });
    t.same(
      [...wrongIn(payload)],
      statusCode === 400 ? [field] : [],
      `${field} ${JSON.stringify(value).slice(0, 20)}`,
    );
  }
});

t.test('the search refuses the prices that the server refuses, and no others', async (t) => {
  const prices = ['', '1,5', '1e3', '-1', '1.234', '100000000', '0', '12.5', '99999999.99', '9', '10'];
  for (const min_price of prices)
    for (const max_price of prices) {
      const query = { min_price, max_price };
      const parsed = parseFilters(query);
      const refused = 'errors' in parsed ? parsed.errors.map(({ parameter }) => parameter) : [];
      t.same([...wrongPrices(new URLSearchParams(query)).keys()], refused, `${min_price} to ${max_price}`);
    }
  t.equal(wrongPrices(new URLSearchParams('min_price=1')).size, 0);
});

t.test('a listing whose title shows nothing has a name all the same', async (t) => {
  t.equal(titleOf({ title: ' Flat ' }), 'Flat');
  t.equal(titleOf({ title: '\u3164 ' }), '(no title)');
});
