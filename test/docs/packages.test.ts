import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../src/config.ts';
import { packageRoot } from '../../src/platform/package-root.ts';

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8');
const { allowScripts, license } = JSON.parse(read('package.json'));
const { '': project, ...locked } = JSON.parse(read('package-lock.json')).packages;
const packages = Object.entries<LockedPackage>(locked);

/** What a package in `node_modules/a/node_modules/@b/c` is called. */
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

t.test('the lockfile holds every package to its content, and names no place to load it from', async (t) => {
  t.ok(packages.length > 0);
  const addressed = packages.filter(([, { resolved }]) => resolved !== undefined);
  const unheld = packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
  t.same([addressed, unheld], [[], []]);
  t.match(read('.npmrc'), /^omit-lockfile-registry-resolved=true$/m);
});

t.test('whether a package may run its install script has been decided by name', async (t) => {
  const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript);
  t.same(Object.keys(allowScripts).sort(), [...new Set(scripted.map(([path]) => nameOf(path)))].sort());
  t.match(read('.npmrc'), /^ignore-scripts=true$/m);
  t.same(new Set(Object.values(allowScripts)), new Set([false]), 'what .npmrc says, too');
});

t.test('the licence is the same wherever it is named', async (t) => {
  t.match(read('LICENSE'), new RegExp(`^${license} License\n`));
  t.equal(project.license, license);
});

t.test("keys in Redis begin with the package's name, unless told otherwise", async (t) => {
  const { name } = JSON.parse(read('package.json'));
  t.equal(loadConfig({}).CACHE_NAMESPACE, name);
});
