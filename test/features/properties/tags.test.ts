import fc from 'fast-check';
import t from 'tap';
import type { Mutation } from '../../../src/coherence/extension.ts';
import {
  ANY_LOCATION,
  ANY_PROPERTY,
  EVERYTHING,
  locationTag,
  namesOf,
  PROPERTIES,
  propertyTag,
  tagsOf,
  tagsOfChange,
  tagsOfList,
  tagsOfProperty,
} from '../../../src/features/properties/tags.ts';

const where = { id: 42 };
const ACCRA = { location: 'Accra' };
const TEMA = { location: 'Tema' };

t.test('a mutation of one known row touches the lists and that row', async (t) => {
  for (const operation of ['update', 'upsert', 'delete']) {
    t.same(tagsOf({ operation, args: { where } }), [PROPERTIES, 'property:42', ANY_LOCATION], operation);
  }
});

t.test('a mutation of new rows touches the lists: no answer had the rows before', async (t) => {
  for (const operation of ['create', 'createMany', 'createManyAndReturn']) {
    t.same(tagsOf({ operation, args: { data: { id: 42 } } }), [PROPERTIES, ANY_LOCATION], operation);
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
    t.same(tagsOf({ operation, args: { where }, result: ACCRA }), EVERYTHING, operation);
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

t.test('of locations a mutation touches', async (t) => {
  const touched = (mutation: Mutation) => tagsOf(mutation).filter((tag) => tag.startsWith('location:'));
  const price = '1.00';

  t.test('those of new rows, which the data names', async (t) => {
    t.same(touched({ operation: 'create', args: { data: ACCRA } }), [locationTag('accra')]);
    for (const operation of ['createMany', 'createManyAndReturn']) {
      t.same(touched({ operation, args: { data: ACCRA } }), [locationTag('accra')]);
      t.same(touched({ operation, args: { data: [ACCRA, TEMA, { location: 'ACCRA' }] } }), [
        locationTag('accra'),
        locationTag('tema'),
      ]);
      t.same(touched({ operation, args: { data: [] } }), []);
    }
  });

  t.test('any, when one of the new rows does not say where it is', async (t) => {
    for (const data of [undefined, {}, [ACCRA, {}], [null]]) {
      t.same(touched({ operation: 'createMany', args: { data } }), [ANY_LOCATION]);
    }
    t.same(touched({ operation: 'create', args: undefined }), [ANY_LOCATION]);
  });

  t.test('that of a deleted row, which the answer names', async (t) => {
    t.same(touched({ operation: 'delete', args: { where }, result: ACCRA }), [locationTag('accra')]);
    for (const result of [undefined, null, {}, { id: 42 }])
      t.same(touched({ operation: 'delete', args: { where }, result }), [ANY_LOCATION]);
  });

  t.test('that of a row that stays where it is, which the answer names', async (t) => {
    for (const data of [{ price }, { price, location: undefined }])
      t.same(touched({ operation: 'update', args: { where, data }, result: ACCRA }), [locationTag('accra')]);
    for (const result of [undefined, { id: 42 }])
      t.same(touched({ operation: 'update', args: { where, data: { price } }, result }), [ANY_LOCATION]);
  });

  t.test('any, when a row may have been moved from an unknown location', async (t) => {
    t.same(touched({ operation: 'update', args: { where, data: TEMA }, result: TEMA }), [ANY_LOCATION]);
    for (const location of [{ in: ['Accra'] }, { equals: 'Accra' }, { not: 'Accra' }]) {
      const args = { where: { ...where, location }, data: TEMA };
      t.same(touched({ operation: 'update', args, result: TEMA }), [ANY_LOCATION]);
    }
  });

  t.test('both, of a row that was moved from where the condition says', async (t) => {
    const args = { where: { ...where, ...ACCRA }, data: TEMA };
    t.same(touched({ operation: 'update', args }), [locationTag('accra'), locationTag('tema')]);
    t.same(touched({ operation: 'update', args, result: {} }), [locationTag('accra'), locationTag('tema')]);
    const staying = { where: { ...where, ...ACCRA }, data: { price } };
    t.same(touched({ operation: 'update', args: staying }), [locationTag('accra')]);
    const moved = { where: { ...where, ...ACCRA }, data: { location: { set: 'Tema' } } };
    t.same(touched({ operation: 'update', args: moved, result: TEMA }), [ANY_LOCATION]);
  });

  t.test('any, when a row was added or changed: it is unknown which', async (t) => {
    const args = { where, create: ACCRA, update: ACCRA };
    t.same(touched({ operation: 'upsert', args, result: ACCRA }), [ANY_LOCATION]);
  });
});

t.test('everything reaches every answer about one row, and every list', async (t) => {
  t.same(tagsOfProperty(42), [propertyTag(42), 'property:*']);
  t.same(EVERYTHING, [PROPERTIES, 'property:*', 'location:*']);
  for (const locations of [[], ['accra']])
    t.ok(tagsOfList(locations).some((tag) => EVERYTHING.includes(tag)));
});

t.test('a list depends on the locations that it names, or on the collection', async (t) => {
  t.same(tagsOfList([]), [PROPERTIES]);
  t.same(tagsOfList(['accra', 'osu, accra']), [locationTag('accra'), locationTag('osu-accra'), ANY_LOCATION]);
  t.same(tagsOfList(['accra', 'accrá', 'açccra']), [locationTag('accra'), locationTag('accr'), ANY_LOCATION]);
});

t.test('a location and how it is asked for have one tag', async (t) => {
  t.equal(locationTag('East Legon, Accra'), locationTag('east-legon-accra'));
  t.equal(locationTag('EAST  LEGON - ACCRA'), locationTag('east-legon-accra'));
  t.equal(locationTag('Kumasi'), locationTag('kumasi'), 'the Kelvin sign is a K');
  t.equal(locationTag('İstanbul'), locationTag('i̇stanbul'));
  t.equal(locationTag('東京'), locationTag(''));
  t.match(locationTag('東京'), /^location:\d{1,4}$/);
  const tags = new Set(Array.from({ length: 20_000 }, (_, index) => locationTag(`Street ${index}`)));
  t.ok(tags.size <= 4_096, 'arbitrary locations make no more tags than these');
  t.not(locationTag('*'), ANY_LOCATION);
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(text, (location) => locationTag(location) === locationTag(location.toLowerCase())),
    { numRuns: 1_000 },
  );
});

t.test('a change touches', async (t) => {
  t.test('the lists and its rows, or every one', async (t) => {
    t.same(tagsOfChange({ rows: [1, 2147483647], locations: [] }), [
      PROPERTIES,
      'property:1',
      'property:2147483647',
    ]);
    t.same(tagsOfChange({ rows: '*', locations: [] }), [PROPERTIES, ANY_PROPERTY]);
    t.same(tagsOfChange({ rows: '*', locations: '*' }), EVERYTHING);
    t.same(tagsOfChange({ rows: [], locations: [] }), [PROPERTIES]);
  });

  t.test('its locations, each once, or any', async (t) => {
    t.same(tagsOfChange({ rows: [], locations: ['Accra', 'ACCRA', 'Tema'] }), [
      PROPERTIES,
      locationTag('accra'),
      locationTag('tema'),
    ]);
    t.same(tagsOfChange({ rows: [], locations: '*' }), [PROPERTIES, ANY_LOCATION]);
  });

  t.test('any location, when there are more than twenty of them', async (t) => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `Block ${index}`);
    t.equal(tagsOfChange({ rows: [], locations: names(20) }).length, 21);
    t.same(tagsOfChange({ rows: [], locations: names(21) }), [PROPERTIES, ANY_LOCATION]);
    const alike = [...names(20), 'block 0', 'BLOCK-1'];
    t.equal(tagsOfChange({ rows: [], locations: alike }).length, 21, 'those that are alike are one');
  });
});

t.test('whatever changes in a location reaches the lists that name it', async (t) => {
  const location = fc.constantFrom('Accra', 'ACCRA', 'Osu, Accra', 'Tema', 'Kumasi', '東京', 'Ɛdubiase');
  fc.assert(
    fc.property(fc.array(location, { maxLength: 5 }), location, (changed, asked) => {
      const touched = new Set(tagsOfChange({ rows: [], locations: changed }));
      const concerned = changed.some((each) => each.toLowerCase() === asked.toLowerCase());
      return !concerned || tagsOfList([asked.toLowerCase()]).some((tag) => touched.has(tag));
    }),
  );
  t.pass();
});

t.test('of a mutation the locations that it names are known, by their tags', async (t) => {
  const names = (mutation: Mutation) => Object.fromEntries(namesOf(mutation));
  t.same(names({ operation: 'create', args: { data: ACCRA } }), { [locationTag('Accra')]: ['Accra'] });
  t.same(names({ operation: 'createMany', args: { data: [ACCRA, TEMA, { location: 'ACCRA' }] } }), {
    [locationTag('Accra')]: ['Accra', 'ACCRA'],
    [locationTag('Tema')]: ['Tema'],
  });
  t.same(names({ operation: 'updateMany', args: { data: TEMA } }), {}, 'none where they are not known');
});

t.test('the documentation has the tag of Accra', async (t) => t.equal(locationTag('Accra'), 'location:264'));
