import t from 'tap';
import { explain } from '../../prisma/seed/failure.ts';

for (const [what, error, explanation] of [
  [
    'a table that is not there',
    { code: '42P01', message: 'relation "properties_property" does not exist' },
    'Database a at b has no table of listings: run npx prisma migrate deploy',
  ],
  [
    'a server that refuses',
    { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:1' },
    'Cannot use database a at b (connect ECONNREFUSED 127.0.0.1:1): start it, or correct DATABASE_URL',
  ],
  [
    'a name of which every address refuses',
    { code: 'ECONNREFUSED', message: '' },
    'Cannot use database a at b (ECONNREFUSED): start it, or correct DATABASE_URL',
  ],
  [
    'a database that is not there',
    { code: '3D000', message: 'database "a" does not exist' },
    'Cannot use database a at b (database "a" does not exist): create it (npx prisma migrate deploy does), or correct DATABASE_URL',
  ],
  [
    'a connection that was lost',
    { message: 'Connection terminated unexpectedly' },
    'Cannot use database a at b (Connection terminated unexpectedly): start it, or correct DATABASE_URL',
  ],
  [
    'a certificate that is not believed',
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID', message: 'it is for another name' },
    'Cannot use database a at b (it is for another name): use a name of it that is in its certificate, or correct DATABASE_URL',
  ],
  ['anything else', new Error('The disk is full'), 'Database a at b was not seeded: The disk is full'],
  ['what is no error', 'stopped', 'Database a at b was not seeded: stopped'],
] as const) {
  t.test(`${what} is explained in one line`, async (t) => {
    t.equal(explain(error, 'a at b'), explanation);
  });
}
