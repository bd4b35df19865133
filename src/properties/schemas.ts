import { type Static, Type } from 'typebox';

/** PostgreSQL's `integer`: no id is larger. */
const MAX_ID = 2_147_483_647;

const text = (maxLength: number | undefined, description: string, example: string) =>
  Type.String({
    minLength: 1,
    ...(maxLength && { maxLength }),
    format: 'text',
    description,
    examples: [example],
  });

const Title = text(200, '1 to 200 characters of text without NUL', 'Two-bedroom flat in Osu');
const Description = text(
  undefined,
  'text without NUL that is not empty',
  'Bright and quiet, five minutes from the market.',
);
const Location = text(100, '1 to 100 characters of text without NUL', 'Accra');

/** A price as it comes in. `x-price` (validation.ts) checks it, because a float cannot count its decimals. */
const PriceInput = Type.Unsafe<string | number>({
  type: ['string', 'number'],
  'x-price': true,
  description: 'from 0 to 99999999.99 with at most two decimals, as a string or a number',
  examples: ['1200.00'],
});

/** One listing as every route answers it: exactly these six fields. */
export const PropertySchema = Type.Object(
  {
    id: Type.Integer({ minimum: 1, maximum: MAX_ID }),
    title: Title,
    description: Description,
    price: Type.String({ pattern: '^\\d{1,8}\\.\\d{2}$', examples: ['1200.00'] }),
    location: Location,
    created_at: Type.String({ format: 'date-time', examples: ['2025-08-31T18:45:12.345Z'] }),
  },
  { additionalProperties: false },
);

export const PropertyListSchema = Type.Object({
  properties: Type.Array(PropertySchema),
  next: Type.Optional(
    Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
      description: 'with a limit: where the next listings are, null after the last; the same is in Link',
    }),
  ),
});

/** What a client sends to create or replace a listing. */
export const PropertyInputSchema = Type.Object(
  { title: Title, description: Description, price: PriceInput, location: Location },
  { additionalProperties: false, description: 'a JSON object' },
);

/** What a client sends to change some fields of a listing. */
export const PropertyPatchSchema = Type.Partial(PropertyInputSchema, {
  additionalProperties: false,
  minProperties: 1,
  description: 'a JSON object with at least one of title, description, price and location',
});

export const PropertyParamsSchema = Type.Object({
  id: Type.String({ format: 'property-id', description: `a whole number from 1 to ${MAX_ID}` }),
});

export type Property = Static<typeof PropertySchema>;
export type PropertyInput = Static<typeof PropertyInputSchema>;

export const isPropertyId = (text: string): boolean => /^[1-9]\d{0,9}$/.test(text) && Number(text) <= MAX_ID;
