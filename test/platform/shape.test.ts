import t from 'tap';
import { shapeOf } from '../../src/platform/shape.ts';

const listing = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };

t.test('a shape is 8 characters, the same for the same schema', async (t) => {
  t.match(shapeOf(listing), /^[\w-]{8}$/);
  t.equal(shapeOf(structuredClone(listing)), shapeOf(listing));
});

t.test('whatever changes what is answered changes it', async (t) => {
  const { properties } = listing;
  const others = [
    undefined,
    {},
    { ...listing, required: [] },
    { ...listing, properties: { ...properties, agent: { type: 'string' } } },
    { ...listing, properties: { title: { type: 'string', maxLength: 9 } } },
    { ...listing, properties: { name: properties.title } },
  ];
  t.equal(new Set([listing, ...others].map((schema) => shapeOf(schema))).size, 1 + others.length);
});

t.test('words for readers do not', async (t) => {
  const described = { ...listing, title: 'A listing', description: 'What is let.' };
  t.equal(shapeOf(described), shapeOf(listing));
});

t.test('what it refers to does, once or in a circle', async (t) => {
  const schema = { $ref: 'List#' };
  const known = (row: unknown) => (id: string) =>
    ({ List: { items: { $ref: 'Row#/properties/a' } }, Row: row, Other: { b: 1 } })[id];
  const circle = { properties: { a: { $ref: 'Row#' } } };
  t.equal(shapeOf(schema, known(circle)), shapeOf(schema, known(structuredClone(circle))));
  t.not(shapeOf(schema, known(circle)), shapeOf(schema, known({ properties: {} })));
  t.not(shapeOf(schema, known(circle)), shapeOf(schema));
});
