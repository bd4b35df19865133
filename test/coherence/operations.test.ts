import t from 'tap';
import { operations } from '../../src/coherence/operations.ts';
import { recording } from './fixture.ts';

/** Properties of a model's client that are no operations. */
const OTHERS = new Set(['fields', 'name']);

t.test('every operation that the client offers is classified', async (t) => {
  const { prisma } = recording(t, 'postgresql://127.0.0.1:1/never-connected');
  const offered = Object.keys(prisma.property).filter((name) => /^[a-z]/.test(name) && !OTHERS.has(name));
  t.ok(offered.length >= 15, `found ${offered.length}`);
  for (const name of offered) t.ok(Object.hasOwn(operations, name), name);
  for (const name of ['$queryRaw', '$queryRawUnsafe', '$executeRaw', '$executeRawUnsafe']) {
    t.type(Reflect.get(prisma, name), 'function');
    t.equal(operations[name], 'raw');
  }
});

t.test('what Prisma names after a change is a write, what it names after a look is a read', async (t) => {
  for (const [name, kind] of Object.entries(operations)) {
    const expected = name.startsWith('$')
      ? 'raw'
      : /^(create|update|upsert|delete)/.test(name)
        ? 'write'
        : 'read';
    t.equal(kind, expected, name);
  }
});
