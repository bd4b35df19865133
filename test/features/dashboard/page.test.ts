import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Fastify from 'fastify';
import t from 'tap';
import { pageFiles } from '../../../src/features/dashboard/page-files.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { build } from '../../helpers/app.ts';

const app = await build(t);
const folder = join(packageRoot, 'public');

const TYPES = {
  css: /^text\/css/,
  js: /^(text|application)\/javascript/,
  svg: /^image\/svg\+xml/,
  html: /^text\/html/,
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Each address, and the file that is there. */
const files: Record<string, string> = {
  '/': join(folder, 'index.html'),
  '/dashboard/uplot.js': join(packageRoot, 'node_modules/uplot/dist/uPlot.esm.js'),
  '/dashboard/uplot.css': join(packageRoot, 'node_modules/uplot/dist/uPlot.min.css'),
};
for (const name of readdirSync(folder)) {
  if (/\.(css|js|svg)$/.test(name)) files[`/dashboard/${name}`] = join(folder, name);
}

for (const [url, file] of Object.entries(files)) {
  t.test(`${url} is the file, under the page's own policy, kept but asked for`, async (t) => {
    const response = await app.inject(url);
    t.equal(response.statusCode, 200);
    t.equal(response.body, readFileSync(file, 'utf8'));
    t.match(response.headers['content-type'], TYPES[/\w+$/.exec(file)?.[0] as keyof typeof TYPES]);
    t.equal(response.headers['content-security-policy'], POLICY);
    t.equal(response.headers['cache-control'], 'no-cache');
    t.equal(response.headers['x-content-type-options'], 'nosniff');
    const { etag } = response.headers;
    const again = await app.inject({ url, headers: { 'if-none-match': String(etag) } });
    t.same([again.statusCode, again.body, again.headers.etag], [304, '', etag]);
    t.match(again.headers, { 'cache-control': 'no-cache', 'content-security-policy': POLICY });
    const head = await app.inject({ method: 'HEAD', url });
    t.same([head.statusCode, head.body, head.headers.etag], [200, '', etag]);
  });
}

t.test(
  'the page loads nothing but files that are here, and has nothing inline that its policy blocks',
  async (t) => {
    const { body } = await app.inject('/');
    t.notMatch(body, /<style|\sstyle=|\son[a-z]+=/i);
    t.same(body.match(/<script[^>]*>\s*[^<\s]/g), null);
    for (const [, link = ''] of body.matchAll(/<(?:link|script|img)[^>]*(?:href|src)="([^"]+)"/g)) {
      t.ok(link.startsWith('data:') || link in files, link);
    }
  },
);

for (const url of [
  '/dashboard/nothing.js',
  '/dashboard/index.html',
  '/dashboard/..%2fpackage.json',
  '/dashboard/../package.json',
  '/dashboard/uPlot.esm.js',
]) {
  t.test(`${url} is not there`, async (t) => {
    const response = await app.inject(url);
    t.equal(response.statusCode, 404);
    t.match(response.json(), { code: 'PL_ROUTE_NOT_FOUND' });
  });
}

t.test('of the folder only style sheets, scripts and images are served, each as what it is', async (t) => {
  const names = ['index.html', 'a.css', 'b.js', 'c.svg', 'tsconfig.json', '.hidden'];
  const folder = t.testdir(Object.fromEntries(names.map((name) => [name, name])));
  const app = Fastify();
  await pageFiles(app, folder);
  t.teardown(() => app.close());
  for (const [name, type] of [
    ['a.css', TYPES.css],
    ['b.js', TYPES.js],
    ['c.svg', TYPES.svg],
  ] as const) {
    const { body, headers } = await app.inject(`/dashboard/${name}`);
    t.equal(body, name);
    t.match(headers['content-type'], type);
  }
  for (const name of ['index.html', 'tsconfig.json', '.hidden']) {
    t.equal((await app.inject(`/dashboard/${name}`)).statusCode, 404, name);
  }
});

t.test('what is served is what was there at the start', async (t) => {
  const folder = t.testdir({ 'index.html': 'old', 'a.js': 'old' });
  const app = Fastify();
  await pageFiles(app, folder);
  t.teardown(() => app.close());
  writeFileSync(join(folder, 'index.html'), 'new');
  rmSync(join(folder, 'a.js'));
  for (const url of ['/', '/dashboard/a.js']) t.equal((await app.inject(url)).body, 'old', url);
});

t.test('the page answers 405 with Allow to what does not read it', async (t) => {
  const response = await app.inject({ method: 'POST', url: '/' });
  t.equal(response.statusCode, 405);
  t.equal(response.headers.allow, 'GET, HEAD, OPTIONS');
});
