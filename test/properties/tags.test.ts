import t from 'tap';
import {
  EVERYTHING,
  PROPERTIES,
  propertyTag,
  tagsOf,
  tagsOfChange,
  tagsOfProperty,
} from '../../src/properties/tags.ts';

const where = { id: 42 };

t.test('a mutation of one known row touches the lists and that row', async (t) => {
  for (const operation of ['update', 'upsert', 'delete']) {
    t.same(tagsOf({ operation, args: { where } }), [PROPERTIES, 'property:42'], operation);
  }
});

t.test('a mutation of new rows touches the lists: nobody has seen them before', async (t) => {
  for (const operation of ['create', 'createMany', 'createManyAndReturn']) {
    t.same(tagsOf({ operation, args: { data: { id: 42 } } }), [PROPERTIES], operation);
  }
});

t.test('a mutation of rows that are not known touches everything', async (t) => {
  for (const operation of [
    'updateMany',
    'updateManyAndReturn',
    'deleteMany',
    '$executeRaw',
    'somethingNew',
  ]) {
    t.same(tagsOf({ operation, args: { where } }), EVERYTHING, operation);
  }
  for (const args of [
    undefined,
    {},
    { where: {} },
    { where: { id: { in: [42] } } },
    { where: { title: 'x' } },
  ]) {
    t.same(tagsOf({ operation: 'update', args }), EVERYTHING);
  }
});

t.test('everything reaches every answer about one row, and every list', async (t) => {
  t.same(tagsOfProperty(42), [propertyTag(42), 'property:*']);
  t.same(EVERYTHING, [PROPERTIES, 'property:*']);
});

t.test('a notification names its rows, every row, or none', async (t) => {
  t.same(tagsOfChange('1,42,2147483647'), [PROPERTIES, 'property:1', 'property:42', 'property:2147483647']);
  t.same(tagsOfChange('*'), EVERYTHING);
  t.same(tagsOfChange(''), [PROPERTIES]);
});
