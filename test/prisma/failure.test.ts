import t from 'tap';
import { explain } from '../../prisma/seed/failure.ts';

t.test('what is wrong stands last in a message of Prisma, and alone in an explanation', async (t) => {
  const error = new Error('\nInvalid `tx.property.count()` invocation in\nseed.ts:1:2\n\nThe disk is full\n');
  t.equal(explain(error, 'a at b'), 'Database a at b was not seeded: The disk is full');
  t.equal(explain('stopped', 'a at b'), 'Database a at b was not seeded: stopped');
});
