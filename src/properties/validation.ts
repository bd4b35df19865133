import { isPropertyId } from './schemas.ts';

/** 0 to 99999999.99: `numeric(10,2)`, in plain digits with at most two decimals. */
const PRICE = /^\d{1,8}(\.\d{1,2})?$/;

/**
 * What JSON Schema cannot say of a property, as options for Ajv. No value is changed on its way: nothing is
 * coerced, dropped or filled in. `verbose` gives each error the schema whose description names the rule.
 */
export const validation = {
  customOptions: {
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false,
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    formats: {
      /** PostgreSQL cannot store a NUL, and a lone surrogate has no UTF-8. */
      text: (value: string) => !value.includes('\0') && value.isWellFormed(),
      'property-id': isPropertyId,
    },
    keywords: [
      {
        keyword: 'x-price',
        type: ['string', 'number'] as ('string' | 'number')[],
        schemaType: 'boolean' as const,
        validate: (_: boolean, value: string | number) => PRICE.test(String(value)),
        errors: false,
      },
    ],
  },
};
