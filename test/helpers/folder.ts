import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';

/**
 * Runs the test files of a folder of `test/` in this process: under tap and its coverage a process costs more
 * than two seconds before its first test. Each file also runs by itself.
 */
export function runFolder(folder: string): void {
  const compiled = join(packageRoot, 'dist', 'test', folder);
  const names = readdirSync(compiled, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => name.endsWith('.test.js'));
  // A test of its own, so that tap does not end with the first file's while the next one is still loading.
  t.test(`the files of ${folder} load`, async (t) => {
    for (const file of files) await import(pathToFileURL(join(compiled, file)).href);
    t.ok(files.length > 0);
  });
}
