import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { configSchema } from '../../src/config.ts';
import { packageRoot } from '../../src/platform/package-root.ts';

const variables = Object.entries(configSchema.properties).map(([name, schema]) => ({
  name,
  description: String(Reflect.get(schema, 'description')),
  value: Reflect.get(schema, 'default'),
}));

t.test('.env.example has every setting, with its description and its default', async (t) => {
  const lines = variables.flatMap(({ name, description, value }) => [
    `# ${description}`,
    value === undefined ? `# ${name}=` : `${name}=${value}`,
    '',
  ]);
  const text = readFileSync(join(packageRoot, '.env.example'), 'utf8');
  t.equal(text, `${lines.join('\n').trim()}\n`);
});

t.test('the reference has every setting, with its default', async (t) => {
  const page = readFileSync(join(packageRoot, 'docs/reference/configuration.md'), 'utf8');
  for (const { name, value } of variables) {
    t.match(page, `| \`${name}\` | ${value === undefined ? 'unset' : `\`${value}\``} |`);
  }
});
