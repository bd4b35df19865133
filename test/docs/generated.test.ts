import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';
import { build } from '../helpers/app.ts';
import { PATIENT } from '../helpers/times.ts';
import { tablesOf } from './tables.ts';

/** `npm run docs` writes what is compared otherwise. */
const isWriting = process.env.DOCS === 'write';

const REGION = /(<!-- generated: ([\w-]+), by npm run docs -->\n)[\s\S]*?(<!-- end of generated -->)/g;

const folder = join(packageRoot, 'docs', 'reference');
const env = { REDIS_URL: 'redis://127.0.0.1:1' }; // Whether it is there or not.
const app = await build(t, env, { ...PATIENT, redisStartMs: 1 });
const document = (await app.inject('/openapi.json')).json();
const tables = await tablesOf({ app, document });
const written: string[] = [];

for (const name of readdirSync(folder)) {
  t.test(
    `the tables in docs/reference/${name} are those of the code: \`npm run docs\` writes them`,
    async (t) => {
      const file = join(folder, name);
      const text = readFileSync(file, 'utf8');
      const generated = text.replace(REGION, (_, begin, region, end) => {
        written.push(region);
        return `${begin}\n${tables[region]}\n\n${end}`;
      });
      if (isWriting) writeFileSync(file, generated);
      else t.equal(text, generated);
    },
  );
}

t.test('every table has a place in the reference, and one only', async (t) => {
  t.same(written.sort(), Object.keys(tables).sort());
  for (const table of Object.values(tables)) t.ok(table.split('\n').length > 4, table);
});
