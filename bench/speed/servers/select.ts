import Fastify from 'fastify';
import pg from 'pg';
import { CONTENT_TYPE } from '../pages.ts';
import { databaseUrl, listen } from './given.ts';

/** The least there is to do for a fresh list: one SELECT, `JSON.stringify`, and out. */

const SELECT = `
  SELECT id, title, description, price, location, created_at FROM properties_property ORDER BY id`;

const pool = new pg.Pool({ connectionString: databaseUrl(), max: 1 });
pool.on('error', () => {}); // The query fails with it.
const app = Fastify();

app.get('/rows/', async (_request, reply) => {
  const { rows } = await pool.query(SELECT);
  const properties = rows.map(({ id, title, description, price, location, created_at }) => ({
    id,
    title,
    description,
    price,
    location,
    created_at,
  }));
  return reply.header('content-type', CONTENT_TYPE).send(JSON.stringify({ properties }));
});

await listen(app);
