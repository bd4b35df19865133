import t from 'tap';
import { misspelt } from '../../src/platform/misspelt.ts';

const KNOWN = ['HOST', 'PORT', 'LOG_LEVEL', 'API_KEYS', 'DATABASE_URL', 'PAGE_CACHE_TTL', 'DATA_CACHE_TTL'];

for (const [name, meant] of [
  ['PGAE_CACHE_TTL', 'PAGE_CACHE_TTL'],
  ['PAGE_CACHE_TLL', 'PAGE_CACHE_TTL'],
  ['PAGECACHETTL', 'PAGE_CACHE_TTL'],
  ['page_cache_ttl', 'PAGE_CACHE_TTL'],
  ['DATABASE_URI', 'DATABASE_URL'],
  ['DATABSE_URL', 'DATABASE_URL'],
  ['API_KEY', 'API_KEYS'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['port', 'PORT'],
] as const) {
  t.test(`${name} is taken for ${meant}`, async (t) => {
    t.strictSame(misspelt([name, 'PATH'], KNOWN), [{ name, meant }]);
  });
}

t.test('names of others are none of ours', async (t) => {
  const others = [
    'PATH',
    'HOSTNAME',
    'SORT',
    'POST',
    'HOSTS',
    'DATABASE_USER',
    'DATABASE_DSN',
    'CACHE_TTL',
    'URL',
    'A',
  ];
  t.strictSame(misspelt([...others, 'TEST_DATABASE_URL', 'LOG_FORMAT'], KNOWN), []);
});

t.test('what is known is right, and nothing is taken for what is given already', async (t) => {
  t.strictSame(misspelt([...KNOWN, 'API_KEY', 'PAGE_CACHE_TTL2'], KNOWN), []);
});
