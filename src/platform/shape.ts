import { createHash } from 'node:crypto';

/** Texts for readers; a property of such a name is an object in the schema. */
const WORDS = new Set(['title', 'description']);

/**
 * What two releases must have in common to use what the other one has kept: a digest of a JSON schema, without its words, and
 * of all that it refers to. 8 characters of base64url.
 *
 * @param schemaOf the schema that a `$ref` names, without what follows its `#`
 */
export function shapeOf(schema: unknown, schemaOf: (id: string) => unknown = () => undefined): string {
  const digest = createHash('sha256');
  const seen = new Set<string>();
  const add = (part: unknown): void => {
    const found: string[] = [];
    const text = JSON.stringify(part, (name, value) => {
      if (typeof value !== 'string') return value;
      if (name === '$ref') found.push(value.replace(/#.*/, ''));
      return WORDS.has(name) ? undefined : value;
    });
    digest.update(`${text}\n`);
    for (const id of found) {
      if (seen.has(id)) continue;
      seen.add(id);
      add(schemaOf(id));
    }
  };
  add(schema);
  return digest.digest('base64url').slice(0, 8);
}
