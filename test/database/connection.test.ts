import t from 'tap';
import { connectionTo } from '../../src/database/connection.ts';

t.test('a password may have any character that does not end it, and the others encoded', async (t) => {
  for (const password of ['p@ss:word', 'p%40ss%2Fw%23rd%3F', 'p%zz', "'$&+,;=!*()[]|"]) {
    const { config, database } = connectionTo(`postgresql://user:${password}@db.example.com:5432/listings`);
    t.equal(database, 'listings at db.example.com:5432');
    t.match(config.connectionString, /@db\.example\.com:5432\/listings$/);
  }
  t.match(connectionTo('postgresql:///listings?host=/run&user=a@b'), { database: 'listings at ' });
  t.match(connectionTo('postgresql://?host=/run'), { database: ' at ' });
});

t.test('a URL that cannot be read is refused without being printed', async (t) => {
  for (const url of [
    'postgresql://user:p@ss/w#rd@db.example.com:5432/listings',
    'postgresql://user:p@ss/word@db.example.com:5432/listings',
    'postgresql://user:pass#word@db.example.com:5432/listings',
    'postgresql://user:1?word@db.example.com:5432/listings',
    'postgresql://user:pass?word@db.example.com:5432/listings',
    'postgresql://user:pass@db.example.com:port/listings',
    'mysql://user:pass@db.example.com/listings',
  ]) {
    t.throws(() => connectionTo(url), {
      message:
        /^DATABASE_URL is no PostgreSQL URL: write postgresql:\/\/user:password@host:5432\/database, with %40 [^:]*$/,
    });
  }
});
