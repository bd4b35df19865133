/** The members of a value of which nothing is known, each to be looked at before it is used. */
export type Fields = Readonly<Record<string, unknown>>;

const NO_FIELDS: Fields = Object.freeze({});

/** Whether a value has members: an object or a list. */
export function hasFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** The value itself as what has members; without any where it is no object, so that each of them is undefined. */
export function fieldsOf(value: unknown): Fields {
  return hasFields(value) ? value : NO_FIELDS;
}

/** What an error says; a thrown value that is none says itself. */
export function messageOf(error: unknown): string {
  const { message } = fieldsOf(error);
  return typeof message === 'string' ? message : String(error);
}

/** The code that Node, a library or PostgreSQL gave an error (`ENOENT`, `57P03`). */
export function codeOf(error: unknown): string | undefined {
  const { code } = fieldsOf(error);
  return code === undefined ? undefined : String(code);
}
