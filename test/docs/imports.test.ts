import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';

/**
 * The parts of `src/`, each with those that it may import, which come before it: so no arrow points upwards. A part is a
 * file in `src/` or a folder; what is in `features/` are parts of their own.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  platform: ['errors.ts'],
  'config.ts': ['errors.ts', 'platform'],
  cache: ['platform'],
  'http-cache': ['errors.ts', 'platform', 'cache'],
  database: ['errors.ts', 'platform'],
  coherence: ['errors.ts', 'platform', 'database'],
  embedded: ['errors.ts', 'platform', 'database'],
  http: ['errors.ts', 'platform', 'cache', 'http-cache', 'database'],
  plugins: ['errors.ts', 'platform', 'config.ts', 'cache', 'database', 'coherence', 'embedded'],
  'features/properties': ['errors.ts', 'platform', 'cache', 'http-cache', 'database', 'coherence', 'http'],
  'features/cache-metrics': ['cache', 'http'],
  'features/metrics': ['cache', 'database', 'coherence'],
  'features/dashboard': ['errors.ts', 'platform', 'cache', 'http'],
  'app.ts': [
    ...['platform', 'config.ts', 'http-cache', 'database', 'http', 'plugins'],
    ...['features/properties', 'features/cache-metrics', 'features/metrics', 'features/dashboard'],
  ],
  process: ['errors.ts', 'platform', 'config.ts', 'http', 'features/metrics', 'app.ts'],
  'server.ts': ['platform', 'process'],
};

const GENERATED = 'src/generated';

/** The packages that a part may use; Prisma's generated client is one of them. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': ['@fastify/error'],
  platform: ['ajv', 'typebox'],
  'config.ts': ['ajv', 'env-schema', 'typebox'],
  cache: ['lru-cache', 'redis', 'typebox'],
  'http-cache': ['fastify', 'fastify-plugin', 'lru-cache'],
  database: [
    ...['@prisma/adapter-pg', '@prisma/driver-adapter-utils', '@prisma/schema-engine-wasm', GENERATED],
    ...['pg', 'pg-copy-streams', 'typebox'],
  ],
  coherence: ['@prisma/adapter-pg', '@prisma/client', GENERATED, 'pg', 'typebox'],
  embedded: ['pg', 'typebox'],
  http: [
    ...['@fastify/helmet', '@fastify/rate-limit', '@fastify/swagger', '@fastify/swagger-ui', 'fastify'],
    ...['@fastify/type-provider-typebox', 'fastify-plugin', 'find-my-way', 'lru-cache', 'typebox'],
  ],
  plugins: ['@fastify/env', 'fastify', 'fastify-plugin'],
  'features/properties': [
    ...['@faker-js/faker', '@fastify/type-provider-typebox', GENERATED, 'ajv', 'fastify', 'fastify-plugin'],
    'typebox',
  ],
  'features/cache-metrics': ['@fastify/type-provider-typebox', 'typebox'],
  'features/metrics': ['fastify-plugin', 'prom-client', 'typebox'],
  'features/dashboard': ['fastify', 'fastify-plugin'],
  'app.ts': ['@fastify/caching', 'fastify'],
  process: ['fastify', 'pino', 'typebox'],
  'server.ts': [],
};

/** Parts whose files are imported one by one: each is a plugin of app.ts, or loaded by server.ts when it is needed. */
const WITHOUT_DOOR = ['plugins', 'process'];

/** `server.ts` reads the environment before it loads anything that takes time, and says what went wrong with that. */
const PAST_THE_DOOR = [
  'src/server.ts -> src/platform/fields.ts',
  'src/server.ts -> src/platform/environment.ts',
];

const IMPORT = /(?:^(?:(?:import|export|\})[^'\n]* from |import )|\bimport\()'([^']+)'/gm;

const filesIn = (folder: string): string[] =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith('.ts') && !name.startsWith(GENERATED));

const namesIn = (file: string): string[] =>
  [...readFileSync(join(packageRoot, file), 'utf8').matchAll(IMPORT)].map(([, name = '']) => name);

const importsOf = (file: string): string[] =>
  namesIn(file)
    .filter((name) => name.startsWith('.'))
    .map((path) => normalize(join(dirname(file), path)))
    .filter((path) => !path.startsWith(GENERATED));

/** What comes with Node is for every part. */
const packagesOf = (file: string): string[] =>
  namesIn(file).flatMap((name) => {
    if (name.startsWith('node:')) return [];
    if (!name.startsWith('.')) return [/^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name];
    return normalize(join(dirname(file), name)).startsWith(GENERATED) ? [GENERATED] : [];
  });

function partOf(file: string): string {
  const [, first = '', second = ''] = file.split('/');
  return first === 'features' ? `${first}/${second}` : first;
}

const sources = filesIn('src');
const graph = new Map(sources.map((file) => [file, importsOf(file)]));
const arrows = [...graph].flatMap(([from, targets]) => targets.map((to) => ({ from, to })));
const between = arrows.filter(({ from, to }) => partOf(from) !== partOf(to));

t.test('every part imports those only that the table allows', async (t) => {
  t.same([...new Set(sources.map(partOf))].sort(), Object.keys(MAY_IMPORT).sort());
  const found = Object.fromEntries(
    Object.keys(MAY_IMPORT).map((part) => {
      const targets = between.filter(({ from }) => partOf(from) === part).map(({ to }) => partOf(to));
      return [part, [...new Set(targets)].sort()];
    }),
  );
  const allowed = Object.entries(MAY_IMPORT).map(([part, targets]) => [part, [...targets].sort()]);
  t.strictSame(found, Object.fromEntries(allowed), 'and no arrow is allowed that is not used');
});

t.test('every part uses those packages only that the table allows', async (t) => {
  const found = Object.fromEntries(
    Object.keys(MAY_IMPORT).map((part) => {
      const used = sources.filter((file) => partOf(file) === part).flatMap(packagesOf);
      return [part, [...new Set(used)].sort()];
    }),
  );
  const allowed = Object.entries(MAY_USE).map(([part, packages]) => [part, [...packages].sort()]);
  t.strictSame(found, Object.fromEntries(allowed), 'and none is allowed that is not used');
});

t.test('the table has every part after those that it imports', async (t) => {
  const order = Object.keys(MAY_IMPORT);
  for (const [part, targets] of Object.entries(MAY_IMPORT))
    for (const target of targets)
      t.ok(order.indexOf(target) < order.indexOf(part), `${target} before ${part}`);
});

t.test('a folder is entered by its door', async (t) => {
  const past = between
    .filter(({ to }) => !to.endsWith('/index.ts') && to.split('/').length > 2)
    .filter(({ to }) => !WITHOUT_DOOR.includes(partOf(to)))
    .map(({ from, to }) => `${from} -> ${to}`);
  t.strictSame(past, PAST_THE_DOOR);
});

t.test('no file imports one that imports it, by whatever way', async (t) => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) t.fail([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  t.equal(done.size, sources.length);
});

t.test('the rules of HTTP caching know requests and numbers, no pages', async (t) => {
  const rules = 'src/http-cache/rules/';
  const crossing = arrows.filter(({ from, to }) => from.startsWith(rules) && !to.startsWith(rules));
  t.strictSame(crossing, []);
});

t.test('tests and benchmarks share support/, and nothing else', async (t) => {
  const crossing = [...filesIn('test'), ...filesIn('bench'), ...filesIn('support')].flatMap((from) => {
    const [own = ''] = from.split('/');
    return importsOf(from)
      .filter((to) => !['src', 'support', 'prisma', own].includes(to.split('/')[0] ?? ''))
      .map((to) => `${from} -> ${to}`);
  });
  t.strictSame(crossing, []);
});
