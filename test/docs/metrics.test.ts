import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { countEvents } from '../../src/cache/telemetry/counters.ts';
import { newCacheEvents } from '../../src/cache/telemetry/events.ts';
import { CacheMetricsSchema } from '../../src/features/cache-metrics/cache-metrics.ts';
import { packageRoot } from '../../src/platform/package-root.ts';

const page = readFileSync(join(packageRoot, 'docs/reference/metrics.md'), 'utf8');
const { layers, invalidations } = countEvents(newCacheEvents());

t.test('every figure that is counted is defined in words, in OpenAPI and in the reference', async (t) => {
  const { properties } = CacheMetricsSchema.properties.layers.properties.pages.properties.shared;
  t.same(Object.keys(layers.pages.shared), Object.keys(properties));
  for (const [name, schema] of Object.entries(properties)) {
    t.ok(Reflect.get(schema, 'description'), `${name} in OpenAPI`);
    t.match(page, `| \`${name}\` | `, `${name} in the reference`);
  }
  for (const name of Object.keys(invalidations)) t.match(page, `\`${name}\``, name);
});
