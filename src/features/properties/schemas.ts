import { type Static, Type } from 'typebox';
import { named, refTo } from '../../http/index.ts';
import { MAX_INTEGER } from './column-kinds.ts';
import { answersOf, COLUMNS, inputsOf } from './columns.ts';

/**
 * One listing as every route answers it: exactly these fields. The rules of what is sent here need not hold for it:
 * another program may have written the row.
 */
export const PropertySchema = named(
  'Listing',
  Type.Object(answersOf(COLUMNS), { additionalProperties: false }),
);

export const PropertyListSchema = named(
  'Listings',
  Type.Object({
    properties: Type.Array(refTo(PropertySchema)),
    next: Type.Optional(
      Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
        description: 'with a limit: where the next listings are, null after the last; the same is in Link',
      }),
    ),
  }),
);

/** `GET /properties/count/`. */
export const CountSchema = named('Count', Type.Object({ count: Type.Integer({ minimum: 0 }) }));

const INPUTS = inputsOf(COLUMNS);
const LIST = new Intl.ListFormat('en-GB');

/** What a client sends to create or replace a listing. */
const OF_INPUTS = { additionalProperties: false, description: 'a JSON object' };
export const PropertyInputSchema = named('ListingInput', Type.Object(INPUTS, OF_INPUTS));

/** A listing of the examples of its fields. */
export const EXAMPLE = Object.fromEntries(
  Object.entries(INPUTS).map(([name, { examples }]) => [name, [examples].flat()[0]]),
);

const ignored = (name: string) =>
  Type.Optional(
    Type.Unknown({ readOnly: true, description: `ignored: each listing gets ${name} of its own` }),
  );

const IGNORED = Object.keys(COLUMNS).filter((name) => !Object.hasOwn(INPUTS, name));

/** A listing as it is sent with others: it may have been answered, so what the server sets is ignored. */
export const BulkListingSchema = named(
  'BulkListing',
  Type.Object({ ...INPUTS, ...Object.fromEntries(IGNORED.map((name) => [name, ignored(name)])) }, OF_INPUTS),
);

/** What a client sends to change some fields of a listing. */
export const PropertyPatchSchema = named(
  'ListingPatch',
  Type.Partial(Type.Object(INPUTS), {
    additionalProperties: false,
    minProperties: 1,
    description: `a JSON object with at least one of ${LIST.format(Object.keys(INPUTS))}`,
  }),
);

/** What the routes' schemas refer to. */
export const SHARED_SCHEMAS = [
  PropertySchema,
  PropertyListSchema,
  CountSchema,
  PropertyInputSchema,
  BulkListingSchema,
  PropertyPatchSchema,
];

export const PropertyParamsSchema = Type.Object({
  id: Type.String({ format: 'property-id', description: `a whole number from 1 to ${MAX_INTEGER}` }),
});

export type Property = Static<typeof PropertySchema>;
export type PropertyInput = Static<typeof PropertyInputSchema>;

export const isPropertyId = (text: string): boolean =>
  /^[1-9]\d{0,9}$/.test(text) && Number(text) <= MAX_INTEGER;
