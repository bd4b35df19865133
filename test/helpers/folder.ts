import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../src/package-root.ts';

/**
 * Runs the test files of a folder of `test/` in this process: under tap and its coverage a process costs more
 * than two seconds before its first test. Each file also runs by itself.
 */
export async function runFolder(folder: string): Promise<void> {
  const compiled = join(packageRoot, 'dist', 'test', folder);
  const files = readdirSync(compiled, { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files.filter((name) => name.endsWith('.test.js'))) {
    await import(pathToFileURL(join(compiled, file)).href);
  }
}
