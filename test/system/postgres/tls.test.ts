import t from 'tap';
import { runSeed } from '../../../prisma/seed/command-line.ts';
import { buildApp } from '../../../src/app.ts';
import { canConnectToDatabase, createDatabase } from '../../../src/database/migrate/database.ts';
import { execute } from '../../../support/database.ts';
import { checkout, startServer } from '../../../support/server.ts';
import { add, build, write } from '../../helpers/app.ts';
import { privateAuthority, skipWithoutOpenssl } from '../../helpers/certificates.ts';
import { titles, until, untilHit } from '../../helpers/redis-topologies.ts';
import { startTlsPostgres } from '../../helpers/tls-postgres.ts';

const SESSIONS =
  'SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = current_database()';

/** What a seed ends with, and what it says. */
async function seed(DATABASE_URL: string) {
  let said = '';
  const output = { write: (text: string) => (said += text) };
  const env = { DATABASE_URL };
  const code = await runSeed(['--count', '3'], { env, dataDirectory: 'unused', output, errors: output });
  return { code, said };
}

t.test('a PostgreSQL that is reached with TLS only', { skip: skipWithoutOpenssl }, async (t) => {
  const postgres = await startTlsPostgres(t);
  const sslrootcert = postgres.authority.cert;
  const verified = postgres.url({ sslmode: 'verify-full', sslrootcert });

  const refusal = async (url: string): Promise<string> => {
    const app = await buildApp({ env: { DATABASE_URL: url }, dataDirectory: 'unused' }).catch(
      ({ message }: Error) => message,
    );
    if (typeof app === 'string') return app;
    await app.close();
    return '';
  };

  t.test('the service migrates, serves, hears and streams', async (t) => {
    await execute(verified, 'CREATE DATABASE fresh');
    const url = Object.assign(new URL(verified), { pathname: '/fresh' }).href;
    const app = await build(t, { DATABASE_URL: url });
    const { id } = await add(app, { title: 'first' });
    await untilHit(app);
    t.equal((await write(app, 'PATCH', `/properties/${id}/`, { title: 'second' })).statusCode, 200);
    t.same(await titles(app), ['second']);
    await execute(url, "UPDATE properties_property SET title = 'theirs'");
    await until('it is heard', async () => (await titles(app))[0] === 'theirs');
    const rows = await app.rowStreams.open('SELECT to_json(1)', [], { start: '[', end: ']' });
    t.same(String(Buffer.concat(await rows.toArray())), '[1]');
    const sessions = (await execute(url, SESSIONS)).rows;
    t.ok(sessions.length >= 3, `${sessions.length} sessions`);
    t.ok(sessions.every(({ ssl }) => ssl === true));
  });

  t.test('the seed and the schema engine connect as the service does', async (t) => {
    t.match(await seed(verified), { code: 0, said: /^Added 3 listings/ });
    const url = Object.assign(new URL(verified), { pathname: '/another' }).href;
    await createDatabase(url);
    await t.resolves(canConnectToDatabase(url));
  });

  t.test('a CA that NODE_EXTRA_CA_CERTS names is believed', async (t) => {
    const DATABASE_URL = postgres.url({ sslmode: 'verify-full' });
    const env = { DATABASE_URL, NODE_EXTRA_CA_CERTS: sslrootcert };
    const { address } = await startServer(t, await checkout(t), env);
    await until('it is ready', async () => (await fetch(`${address}/health/ready`)).status === 200);
  });

  t.test('what cannot be believed ends the start with one line that says what to do', async (t) => {
    const other = await privateAuthority(t);
    const WRONG: Readonly<Record<string, readonly [url: string, said: RegExp]>> = {
      'no CA': [
        postgres.url({ sslmode: 'verify-full' }),
        /certificate.*\): let NODE_EXTRA_CA_CERTS .*sslrootcert/,
      ],
      'require verifies, too': [
        postgres.url({ sslmode: 'require' }),
        /certificate.*\): let NODE_EXTRA_CA_CERTS/,
      ],
      'another CA': [
        postgres.url({ sslmode: 'verify-full', sslrootcert: other.cert }),
        /certificate.*\): let NODE_EXTRA_CA_CERTS/,
      ],
      'another name': [
        postgres.url({ sslmode: 'verify-full', sslrootcert }, '127.0.0.1'),
        /not in the cert's list.*\): use a name of it that is in its certificate, or correct DATABASE_URL$/,
      ],
      'no file of a CA': [
        postgres.url({ sslmode: 'verify-full', sslrootcert: '/nowhere' }),
        /ENOENT.*'\/nowhere'/,
      ],
      'no TLS': [postgres.url({}), /no encryption\): add sslmode=verify-full, or correct DATABASE_URL$/],
    };
    for (const [what, [url, said]] of Object.entries(WRONG)) {
      const message = await refusal(url);
      t.match(message, /^Cannot use database property_listings at (localhost|127\.0\.0\.1):\d+ \(/, what);
      t.match(message, said, what);
      t.notMatch(message, /\n/);
      t.equal((await seed(url)).code, 1, `${what}, of the seed`);
    }
  });

  t.test('a certificate of the client is sent', async (t) => {
    const { cert: sslcert, key: sslkey } = await postgres.authority.sign('postgres', 'DNS:client');
    await postgres.askForCertificates();
    await until('it asks for one', async () => /client certificate/.test(await refusal(verified)));
    const app = await build(t, {
      DATABASE_URL: postgres.url({ sslmode: 'verify-full', sslrootcert, sslcert, sslkey }),
    });
    t.equal((await app.inject('/properties/')).statusCode, 200);
    await postgres.askForCertificates(false);
    await until('it does not any more', async () => (await refusal(verified)) === '');
  });

  t.test('no-verify encrypts, and trusts any certificate', async (t) => {
    const { rows } = await execute(
      postgres.url({ sslmode: 'no-verify' }, '127.0.0.1'),
      'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    t.same(rows, [{ ssl: true }]);
  });

  t.test('a server that speaks no TLS gets no plain text', async (t) => {
    await execute(verified, 'ALTER SYSTEM SET ssl = off');
    await execute(verified, 'SELECT pg_reload_conf()');
    await until('it speaks none', async () => /does not support SSL/.test(await refusal(verified)));
    t.match(
      await refusal(verified),
      /does not support SSL connections\): turn its ssl on, or correct DATABASE_URL$/,
    );
  });
});
