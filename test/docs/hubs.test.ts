import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';

const testsIn = (folder: string): string[] =>
  readdirSync(join(packageRoot, 'test', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name));

t.test('each test file is run by one hub, or is of the faults, which run one after the other', async (t) => {
  const hubs = testsIn('hubs').map((file) => readFileSync(join(packageRoot, 'test', file), 'utf8'));
  const folders = hubs.flatMap((hub) => [...hub.matchAll(/'([a-z/-]+)'/g)].map(([, folder = '']) => folder));
  const run = [...folders, 'hubs', 'faults'].flatMap(testsIn);
  t.strictSame(run.toSorted(), testsIn('.').toSorted());
});
