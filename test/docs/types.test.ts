import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';

/** Lines of `src/` with code that fits, as `file: line`. */
function linesWith(pattern: RegExp): readonly string[] {
  const files = readdirSync(join(packageRoot, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.startsWith('generated'))
    .flatMap((file) =>
      readFileSync(join(packageRoot, 'src', file), 'utf8')
        .split('\n')
        .filter((line) => pattern.test(line) && !/^\s*(\/?\*|\/\/)/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    )
    .sort();
}

t.test('no member is read through what has the type any', async (t) => {
  const readers = { 'Object(…)': /(?<![.\w])Object\(/, 'Reflect.get': /\bReflect\.get\(/ };
  for (const [name, pattern] of Object.entries(readers))
    t.strictSame(linesWith(pattern), [], `${name}: use what src/platform/fields.ts has`);
});

t.test('no value is given a type that it does not have', async (t) => {
  t.strictSame(linesWith(/\bas (any|never|unknown)\b/), []);
});

/** JSON that src/platform/json.ts does not check; each says why beside it. */
const BY_HAND = [
  'cache/redis/entry-codec.ts',
  'features/properties/property.ts',
  'http-cache/pages/page.ts',
  'http/openapi.ts', // In the browser, of a body that it sends on as it is.
];

t.test('JSON is checked against a schema', async (t) => {
  const files = linesWith(/\bJSON\.parse\(/).map((line) => line.slice(0, line.indexOf(':')));
  t.strictSame(files, [...BY_HAND, 'platform/json.ts']);
});
