import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { newRequestId } from '../../src/http/request-id.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { LISTING, settled, WRITE_KEY, write } from '../helpers/app.ts';
import { PATIENT } from '../helpers/times.ts';

/** The service, listening, and every line of its log. */
async function service(t: Test) {
  const lines: Record<string, unknown>[] = [];
  const log = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const env = { API_KEYS: WRITE_KEY, DATABASE_URL: await scratchDatabase(t) };
  const app = await buildApp({ env, dataDirectory: 'unused', log, times: PATIENT });
  t.teardown(() => app.close());
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  return { app, lines, port: Number(port) };
}

/** What comes back for requests on one connection, of which the last closes it. */
async function answers(port: number, requests: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(requests);
  return text(socket);
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const CLOSE = 'Connection: close\r\n';

const idsIn = (answer: string): (string | undefined)[] =>
  [...answer.matchAll(/^x-request-id: (\S+)\r$/gim)].map(([, id]) => id);

t.test('names are unlike each other, and all of one length', async (t) => {
  const names = Array.from({ length: 100_000 }, newRequestId);
  t.equal(new Set(names).size, names.length);
  t.same([...new Set(names.map(({ length }) => length))], [names[0]?.length]);
  t.ok(names.every((name) => /^[0-9a-z]+-[0-9a-z]+$/.test(name)));
});

t.test('the response, the problem and the line of the log call a request the same', async (t) => {
  const { lines, port } = await service(t);
  const hit = get('/properties/');
  for (const [what, requests] of [
    ['misses and hits, before the router too', hit.repeat(5)],
    ['a route that is not there', get('/nowhere')],
    ['a malformed URL', get('/%')],
    ['a bad parameter', get('/properties/?limit=x')],
    ['a method that is not allowed', 'PUT /properties/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'],
    ['a write without a key', 'DELETE /properties/1/ HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['what is no HTTP', 'NO HTTP\r\n\r\n'],
  ] as const) {
    lines.length = 0;
    const all = what === 'what is no HTTP' ? requests : requests + get('/health/live', CLOSE);
    const answer = await answers(port, all);
    const ids = idsIn(answer);
    t.equal(ids.length, answer.match(/HTTP\/1\.1 \d/g)?.length, what);
    t.equal(new Set(ids).size, ids.length, what);
    t.same(lines.map(({ request_id }) => request_id).sort(), [...ids].sort(), what);
    const [, named] = /"request_id":"(.+?)"/.exec(answer) ?? [];
    t.equal(named, what.startsWith('misses') ? undefined : ids[0], what);
  }
});

t.test('a name that a client sends is not taken over', async (t) => {
  const { port } = await service(t);
  const [id] = idsIn(await answers(port, get('/properties/', `X-Request-Id: mine\r\n${CLOSE}`)));
  t.not(id, 'mine');
});

t.test('hits that wait until their client reads keep their own names', async (t) => {
  const { app, lines, port } = await service(t);
  const description = 'x'.repeat(40_000); // A page short enough to be prepared in one piece, its head with it.
  await settled(app, () => write(app, 'POST', '/properties/', { ...LISTING, description }));
  await answers(port, get('/properties/') + get('/properties/') + get('/properties/', CLOSE));
  lines.length = 0;

  const HITS = 500; // 20 MB: more than sockets hold.
  const socket = connect(port, '127.0.0.1');
  socket.pause();
  await once(socket, 'connect');
  socket.write(get('/properties/').repeat(HITS));
  while (lines.length < HITS / 2) await turn();
  socket.write(get('/properties/', CLOSE));
  const ids = idsIn(await text(socket));
  t.equal(ids.length, HITS + 1);
  t.same(
    ids,
    lines.map(({ request_id }) => request_id),
  );
  t.equal(new Set(ids).size, ids.length);
});

t.test('a client that goes away before its answer is in the log and in the figures', async (t) => {
  const { app, lines, port } = await service(t);
  const url = app.config.DATABASE_URL ?? '';
  const locked = app.prisma.$transaction(
    async (transaction) => {
      await transaction.$executeRaw`LOCK TABLE properties_property IN ACCESS EXCLUSIVE MODE`;
      const socket = connect(port, '127.0.0.1');
      socket.write(get('/properties/?limit=7'));
      const waiting =
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
      while ((await execute(url, waiting)).rowCount === 0) await turn();
      socket.destroy();
      while (!lines.some(({ status }) => status === 499)) await turn();
    },
    { timeout: 30_000 },
  );
  await locked;
  t.match(lines, [
    { msg: /^Server listening/ },
    { method: 'GET', url: '/properties/?limit=7', status: 499, ms: Number },
  ]);
  const { body } = await app.inject('/metrics');
  t.match(body, 'http_request_duration_seconds_count{route="/properties/",method="GET",status="499"} 1');
});

t.test('no line of the log has the key', async (t) => {
  const { app, lines } = await service(t);
  const headers = { authorization: `Bearer ${WRITE_KEY}`, cookie: `key=${WRITE_KEY}` };
  lines.length = 0;
  await app.inject({ method: 'POST', url: '/properties/', headers, payload: { title: 1 } });
  app.log.info({ headers, req: { headers }, err: Object.assign(new Error('failed'), { headers }) }, 'told');
  t.equal(lines.length, 2);
  t.notMatch(JSON.stringify(lines), WRITE_KEY);
});
