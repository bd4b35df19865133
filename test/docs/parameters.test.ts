import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ListQuerySchema } from '../../src/features/properties/lists/parameters.ts';
import { packageRoot } from '../../src/platform/package-root.ts';

t.test('the reference has every parameter of the list, and no other', async (t) => {
  const page = readFileSync(join(packageRoot, 'docs/reference/api.md'), 'utf8');
  const [, section = ''] = /## Finding listings\n([\s\S]*?)```/.exec(page) ?? [];
  const cells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell.replaceAll('`', ''));
  t.same(cells.join(', ').split(', ').sort(), Object.keys(ListQuerySchema.properties).sort());
});
