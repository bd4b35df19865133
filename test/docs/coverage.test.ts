import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';

/** `server.ts` starts a server; Prisma's client is not ours to cover. */
const ELSEWHERE = /^(server\.js|generated.*|.*\.map)$/;

t.test('every module of src/ is loaded, so that coverage counts what no test asks for', async (t) => {
  const compiled = join(packageRoot, 'dist', 'src');
  const modules = readdirSync(compiled, { recursive: true, encoding: 'utf8' });
  const ours = modules.filter((name) => name.endsWith('.js') && !ELSEWHERE.test(name));
  for (const name of ours) t.ok(await import(pathToFileURL(join(compiled, name)).href), name);
});
