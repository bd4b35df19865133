import { RedisStore } from '../../../src/cache/redis/redis-store.ts';
import { propertyTag } from '../../../src/features/properties/tags.ts';

/**
 * The service as it is, but for one gate: the invalidation of the row that `GATED_ROW` names says that it was reached,
 * and never happens.
 */
const gated = propertyTag(Number(process.env.GATED_ROW));
const { invalidate } = RedisStore.prototype;

RedisStore.prototype.invalidate = async function (tags, change) {
  if (tags.includes(gated)) {
    process.stdout.write('Committed, and not yet invalidated\n');
    await new Promise<never>(() => {});
  }
  return invalidate.call(this, tags, change);
};

await import('../../../src/server.ts');
