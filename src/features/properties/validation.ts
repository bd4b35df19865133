import type { SchemaValidateFunction } from 'ajv';
import { isPropertyId } from './schemas.ts';
import { isText, trimmed } from './text.ts';

/** 0 to 99999999.99: `numeric(10,2)`, in plain digits with at most two decimals. */
const PRICE = /^\d{1,8}(\.\d{1,2})?$/;

/**
 * The rules of listings that JSON Schema cannot express, as options for Ajv. Validation removes the blanks around texts, and
 * changes nothing else: no value is coerced, dropped or filled in. `verbose` gives each error the schema whose description names
 * the rule.
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
      text: isText,
      'property-id': isPropertyId,
    },
    keywords: [
      {
        keyword: 'x-trim',
        type: 'string' as const,
        schemaType: 'boolean' as const,
        before: 'maxLength', // What is measured and checked, by every other keyword too, is what is kept.
        modifying: true,
        validate: trim,
        errors: false,
      },
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

/** @param context the object and the property that hold the value (https://ajv.js.org/keywords.html#define-keyword-with-validate-function) */
function trim(_: boolean, value: string, __: unknown, context?: Parameters<SchemaValidateFunction>[3]): true {
  if (context) context.parentData[context.parentDataProperty] = trimmed(value);
  return true;
}
