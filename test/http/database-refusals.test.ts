import t from 'tap';
import { buildApp } from '../../src/app.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { add, authorization, build, empty, LISTING, WRITE_KEY, write } from '../helpers/app.ts';

const url = await scratchDatabase(t);
const app = await build(t, { DATABASE_URL: url });
const sql = (text: string) => execute(url, text);

/** A rule of the database's owner, who writes in PL/pgSQL what happens before a row is written. */
async function rule(body: string, events = 'INSERT OR UPDATE'): Promise<void> {
  await sql(`CREATE OR REPLACE FUNCTION acme_rule() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$;
    CREATE TRIGGER acme BEFORE ${events} ON properties_property FOR EACH ROW EXECUTE FUNCTION acme_rule()`);
}

const noRule = () => sql('DROP TRIGGER IF EXISTS acme ON properties_property');

/** Raises the SQLSTATE that is the new title. */
const RAISE = `RAISE EXCEPTION USING ERRCODE = NEW.title, MESSAGE = 'Acme says no', DETAIL = 'a secret', HINT = 'a secret'`;

/** The writes that bring a title. */
const writes = (id: number, title: string) => [
  write(app, 'POST', '/properties/', { ...LISTING, title }),
  write(app, 'PUT', `/properties/${id}/`, { ...LISTING, title }),
  write(app, 'PATCH', `/properties/${id}/`, { title }),
  write(app, 'POST', '/properties/bulk/', [LISTING, { ...LISTING, title }]),
];

t.beforeEach(async () => {
  await noRule();
  await empty(app);
});

const UNABLE = [
  '25006 40001 40P01 42501 53100 53200 53300 53400 55P03 55006 57014 58030 58P01 2200H 72000 F0000 XX000 XX001',
].flatMap((codes) => codes.split(' '));

t.test('what PostgreSQL cannot do now is 503 to come again, and changes nothing', async (t) => {
  const { id } = await add(app);
  await rule(`IF NEW.title ~ '^[A-Z0-9]{5}$' THEN ${RAISE}; END IF; RETURN NEW;`);
  const before = (await app.inject('/properties/')).body;
  for (const title of UNABLE.filter((code) => !code.startsWith('40') && code !== '53300')) {
    for (const response of await Promise.all(writes(id, title))) {
      t.equal(response.statusCode, 503, title);
      t.equal(response.headers['retry-after'], '1');
      t.match(response.json(), { code: 'PL_DATABASE_UNABLE', detail: new RegExp(`SQLSTATE ${title}`) });
      t.match(response.json().detail, /nothing was changed: try again$/);
      t.notMatch(response.body, /secret|Acme/, 'what it says is for the log');
    }
  }
  t.equal((await app.inject('/properties/')).body, before);
});

t.test('a session that PostgreSQL ends, or cannot have, is the database away', async (t) => {
  const { id } = await add(app);
  await rule(`IF NEW.title ~ '^[A-Z0-9]{5}$' THEN ${RAISE}; END IF; RETURN NEW;`);
  for (const title of ['53300', '57P01', '57P05', '08006', '25P03']) {
    const response = await write(app, 'PATCH', `/properties/${id}/`, { title });
    t.match(response.json(), { status: 503, code: 'PL_DATABASE_UNAVAILABLE' }, title);
  }
});

const RULES = ['P0001', '23514', '23502', '22003', '22P02', '44000', '45000', 'ACME1', '54000', '27000'];

t.test("a rule of the database's owner is 422, and in its owner's words", async (t) => {
  const { id } = await add(app);
  await rule(`IF NEW.title ~ '^[A-Z0-9]{5}$' THEN ${RAISE}; END IF; RETURN NEW;`);
  for (const title of RULES) {
    for (const response of await Promise.all(writes(id, title))) {
      t.match(
        response.json(),
        { status: 422, code: 'PL_DATABASE_RULE_BROKEN', detail: /: Acme says no$/ },
        title,
      );
      t.notMatch(response.body, /secret/);
    }
  }
});

t.test('a constraint is named: what the table may not hold 422, what others hold 409', async (t) => {
  const { id } = await add(app);
  await sql(`ALTER TABLE properties_property ADD COLUMN agent text CONSTRAINT acme_agent CHECK (title <> 'Check'),
      ADD CONSTRAINT acme_unique EXCLUDE USING btree (description WITH =) WHERE (title = 'Exclude');
    CREATE UNIQUE INDEX acme_titles ON properties_property (title) WHERE title = 'Unique'`);
  for (const [title, status, name] of [
    ['Check', 422, 'acme_agent'],
    ['Unique', 409, 'acme_titles'],
    ['Exclude', 409, 'acme_unique'],
  ] as const) {
    await write(app, 'POST', '/properties/', { ...LISTING, title });
    for (const response of await Promise.all(writes(id, title))) {
      t.equal(response.statusCode, status, title);
      t.match(response.json().detail, new RegExp(`"${name}"`));
      t.notMatch(response.body, new RegExp(LISTING.description), 'the row is not in it');
    }
  }
  await sql(`ALTER TABLE properties_property DROP CONSTRAINT acme_unique, DROP COLUMN agent, ADD COLUMN owner text;
    DROP INDEX acme_titles;
    UPDATE properties_property SET owner = 'Acme'; ALTER TABLE properties_property ALTER owner SET NOT NULL`);
  const [added, , changed, bulk] = await Promise.all(writes(id, 'New'));
  for (const response of [added, bulk]) t.match(response?.json(), { status: 422, detail: /"owner"/ });
  t.equal(changed?.statusCode, 200);
  await sql('ALTER TABLE properties_property DROP COLUMN owner');
});

t.test('a listing that others need, or that a trigger protects, is not deleted: 409', async (t) => {
  const { id } = await add(app);
  const remove = () => write(app, 'DELETE', `/properties/${id}/`);
  await sql(`CREATE TABLE acme_bookings (property int CONSTRAINT acme_booking REFERENCES properties_property);
    INSERT INTO acme_bookings VALUES (${id})`);
  t.match((await remove()).json(), { status: 409, code: 'PL_DATABASE_CONFLICT', detail: /"acme_booking"/ });
  await sql('DROP TABLE acme_bookings');
  await rule(`RAISE EXCEPTION 'booked until May';`, 'DELETE');
  t.match((await remove()).json(), { status: 409, detail: /: booked until May$/ });
  await noRule();
  t.equal((await remove()).statusCode, 204);
});

t.test('what a trigger leaves out without a word was not written, and that is said', async (t) => {
  const { id } = await add(app);
  await rule('RETURN NULL;', 'INSERT OR UPDATE OR DELETE');
  const [added, replaced, changed, bulk] = await Promise.all(writes(id, 'New'));
  t.match(added?.json(), { status: 409, code: 'PL_PROPERTY_NOT_ADDED' });
  for (const response of [replaced, changed, await write(app, 'DELETE', `/properties/${id}/`)]) {
    t.match(response?.json(), { status: 409, code: 'PL_PROPERTY_NOT_WRITTEN' });
  }
  t.equal(bulk?.statusCode, 201);
  t.same(bulk?.json(), { properties: [] });
  t.equal((await write(app, 'PATCH', '/properties/99/', { title: 'New' })).statusCode, 404);
});

t.test('a row that a policy does not allow breaks a rule, though its code is that of a right', async (t) => {
  const name = `acme_${new URL(url).pathname.slice(6)}`;
  await sql(`CREATE ROLE ${name} LOGIN PASSWORD 'x'; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${name};
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${name};
    ALTER TABLE properties_property ENABLE ROW LEVEL SECURITY;
    CREATE POLICY acme ON properties_property USING (true) WITH CHECK (title <> 'Hidden')`);
  const as = new URL(url);
  Object.assign(as, { username: name, password: 'x' });
  const theirs = await build(t, { DATABASE_URL: as.href });
  const add = (title: string) => write(theirs, 'POST', '/properties/', { ...LISTING, title });
  t.match((await add('Hidden')).json(), { status: 422, detail: /row-level security policy/ });
  await sql(`REVOKE INSERT ON properties_property FROM ${name}`);
  t.match((await add('Seen')).json(), { status: 503, detail: /no right to, SQLSTATE 42501/ });
  await theirs.close();
  await sql(`ALTER TABLE properties_property DISABLE ROW LEVEL SECURITY; DROP POLICY acme ON properties_property;
    DROP OWNED BY ${name}; DROP ROLE ${name}`);
});

t.test('a write that others made PostgreSQL roll back is sent again, a few times', async (t) => {
  const { id } = await add(app);
  for (const code of ['40001', '40P01']) {
    await sql('CREATE SEQUENCE acme_tries');
    await rule(
      `IF nextval('acme_tries') % 4 <> 0 THEN RAISE SQLSTATE '${code}'; END IF; RETURN coalesce(NEW, OLD);`,
    );
    for (const [index, send] of [
      () => write(app, 'POST', '/properties/', LISTING),
      () => write(app, 'PATCH', `/properties/${id}/`, { title: code }),
      () => write(app, 'POST', '/properties/bulk/', [LISTING]),
    ].entries()) {
      const response = await send();
      t.ok(response.statusCode < 300, response.body);
      t.equal((await sql('SELECT last_value FROM acme_tries')).rows[0].last_value, String(4 * (index + 1)));
    }
    await noRule();
    await sql('DROP SEQUENCE acme_tries');
  }
  await rule(`RAISE SQLSTATE '40001';`);
  const response = await write(app, 'PATCH', `/properties/${id}/`, { title: 'Never' });
  t.match(response.json(), {
    status: 503,
    code: 'PL_DATABASE_UNABLE',
    detail: /other writes were in its way/,
  });
});

t.test('forty changes of one row at once, each seeing the others: none is lost, none is 500', async (t) => {
  const name = new URL(url).pathname.slice(1);
  await sql(`ALTER DATABASE ${name} SET default_transaction_isolation TO 'repeatable read'`);
  t.teardown(() => sql(`ALTER DATABASE ${name} RESET default_transaction_isolation`));
  const strict = await build(t, { DATABASE_URL: url });
  const { id } = await add(strict);
  const prices = Array.from({ length: 40 }, (_, index) => index);
  const responses = await Promise.all(
    prices.map((price) => write(strict, 'PATCH', `/properties/${id}/`, { price })),
  );
  const done = responses.filter(({ statusCode }) => statusCode === 200);
  t.ok(done.length > 0);
  for (const response of responses) t.match(String(response.statusCode), /^(200|503)$/);
  const { price } = (await strict.inject(`/properties/${id}/`)).json();
  t.ok(done.some((response) => response.json().price === price));
});

t.test('the log has a line of a refusal for now, without a stack, and none of a rule', async (t) => {
  const lines: string[] = [];
  const logged = await buildApp({
    env: { API_KEYS: WRITE_KEY, WRITE_RATE_LIMIT: '0', DATABASE_URL: url },
    dataDirectory: 'unused',
    log: { write: (line: string) => void lines.push(line) },
  });
  t.teardown(() => logged.close());
  await rule(RAISE.concat(';'));
  lines.length = 0;
  for (const title of ['57014', 'P0001']) {
    const payload = { ...LISTING, title };
    await logged.inject({ method: 'POST', url: '/properties/', headers: { authorization }, payload });
  }
  const [told, request, ...rest] = lines.map((line) => JSON.parse(line));
  t.match(told, { level: 40, reason: /57014.*Acme says no/, msg: /SQLSTATE 57014/ });
  t.notOk('err' in told);
  t.match(request, { level: 30, status: 503 });
  t.match(rest, [{ level: 30, status: 422 }]);
});

t.test('a read that PostgreSQL cannot do now is 503 as well, and no old answer in place of it', async (t) => {
  const { id } = await add(app);
  await sql(`CREATE FUNCTION acme_broken() RETURNS boolean LANGUAGE plpgsql AS
      $$ BEGIN RAISE SQLSTATE '57014'; END $$;
    ALTER TABLE properties_property RENAME TO acme_listings;
    CREATE VIEW properties_property AS SELECT * FROM acme_listings WHERE acme_broken()`);
  await app.caches.invalidate(['properties', 'property:*', 'location:*']);
  for (const path of ['/properties/', `/properties/${id}/`, '/properties/?limit=1', '/properties/count/']) {
    t.match((await app.inject(path)).json(), { status: 503, code: 'PL_DATABASE_UNABLE' }, path);
  }
  await sql(`DROP VIEW properties_property; ALTER TABLE acme_listings RENAME TO properties_property`);
});
