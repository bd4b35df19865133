import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/package-root.ts';
import { ListQuerySchema } from '../../src/properties/question/parameters.ts';

t.test('the README has every parameter of the list, and no other', async (t) => {
  const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
  const [, section = ''] = /## Finding listings\n([\s\S]*?)```/.exec(readme) ?? [];
  const cells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell.replaceAll('`', ''));
  t.same(cells.join(', ').split(', ').sort(), Object.keys(ListQuerySchema.properties).sort());
});
