import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { countEvents } from '../../src/cache/counters.ts';
import { newCacheEvents } from '../../src/cache/events.ts';
import { packageRoot } from '../../src/package-root.ts';
import { CacheMetricsSchema } from '../../src/properties/cache-metrics.ts';

const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
const { layers, invalidations } = countEvents(newCacheEvents());

t.test('every figure that is counted is defined in words, in OpenAPI and in the README', async (t) => {
  const { properties } = CacheMetricsSchema.properties.layers.properties.pages.properties.shared;
  t.same(Object.keys(layers.pages.shared), Object.keys(properties));
  for (const [name, schema] of Object.entries(properties)) {
    t.ok(Reflect.get(schema, 'description'), `${name} in OpenAPI`);
    t.match(readme, `| \`${name}\` | `, `${name} in the README`);
  }
  for (const name of Object.keys(invalidations)) t.match(readme, `\`${name}\``, name);
});
