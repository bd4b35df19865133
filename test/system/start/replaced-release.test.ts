import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { checkout, startServer } from '../../../support/server.ts';
import { authorization, LISTING, WRITE_KEY } from '../../helpers/app.ts';
import { copyOfRelease, PARTS } from '../../helpers/release.ts';

const READS = [
  '/properties/',
  '/properties/?limit=3&location=accra',
  '/properties/?q=flat&sort=-price',
  '/properties/count/?min_price=1',
  '/properties/cache-metrics/',
  '/metrics',
  '/health/ready',
  '/openapi.json',
  '/docs',
  '/docs/json',
  '/docs/yaml',
  '/docs/static/swagger-ui.css',
  '/docs/static/swagger-ui-bundle.js',
  '/docs/static/swagger-initializer.js',
  '/docs/static/favicon-32x32.png',
  '/',
  '/dashboard/main.js',
  '/dashboard/base.css',
  '/dashboard/favicon.svg',
  '/dashboard/uplot.js',
];

for (const store of ['memory', 'Redis']) {
  t.test(
    `with ${store}, a server whose files are taken away answers everything for the first time`,
    { skip: store === 'Redis' && skipWithoutRedis },
    async (t) => {
      const { folder: release, program } = await copyOfRelease(t);
      const server = await startServer(
        t,
        await checkout(t),
        {
          DATABASE_URL: await scratchDatabase(t),
          API_KEYS: WRITE_KEY,
          LOG_LEVEL: 'warn',
          ...(store === 'Redis' && { REDIS_URL: await scratchRedis(t) }),
        },
        program,
      );
      for (const part of PARTS) await rename(join(release, part), join(release, `${part}.gone`));

      const ask = (method: string, path: string, body?: unknown) =>
        fetch(server.address + path, {
          method,
          headers: { authorization, 'content-type': 'application/json' },
          body: body === undefined ? null : JSON.stringify(body),
        });
      for (const path of READS) {
        const answer = await ask('GET', path);
        await answer.arrayBuffer();
        t.equal(answer.status, 200, path);
      }
      const added = await ask('POST', '/properties/', LISTING);
      const { id } = (await added.json()) as { id: number };
      t.equal(added.status, 201);
      const one = `/properties/${id}/`;
      const writes = [
        await ask('GET', one),
        await ask('PUT', one, LISTING),
        await ask('PATCH', one, { price: 2 }),
        await ask('POST', '/properties/bulk/', [LISTING]),
        await ask('POST', '/properties/', {}),
        await ask('DELETE', one),
        await ask('GET', one),
        await ask('GET', '/dashboard/index.html'),
      ];
      t.same(
        writes.map(({ status }) => status),
        [200, 200, 200, 201, 400, 204, 404, 404],
      );
      t.equal(await server.stop(), 0, server.output());
      t.notMatch(server.output(), /"level":[56]0|ENOENT|Cannot find/, 'and misses nothing');
    },
  );
}
