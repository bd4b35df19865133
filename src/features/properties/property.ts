import type { Reader } from '../../coherence/index.ts';
import { PropertyNotFound, WriteUnanswered } from '../../errors.ts';
import type { Property as Row } from '../../generated/prisma/client.ts';
import { fieldsOf } from '../../platform/index.ts';
import { propertyJson } from './column-sql.ts';
import { COLUMNS, type Columns, fieldOf } from './columns.ts';
import type { Property } from './schemas.ts';

/** What makes of a row of Prisma's what is answered of it. */
export function answeredBy(columns: Columns): (row: object) => Record<string, unknown> {
  const fields = Object.entries(columns).map(([name, column]) => ({ name, column, field: fieldOf(name) }));
  return (row) => {
    const values = fieldsOf(row);
    const answer: Record<string, unknown> = {};
    for (const { name, column, field } of fields) answer[name] = column.toJson(values[field]);
    return answer;
  };
}

const answer = answeredBy(COLUMNS);

/** A row as the API shows it: `price` with its two decimals, `created_at` in UTC. */
export const toProperty = (row: Row): Property => answer(row) as Property; // As the types of the list say.

/** The same for a row with any `created_at`: PostgreSQL writes those that a `Date` cannot hold, as in the lists. */
export async function propertyOf(reader: Reader, row: Row): Promise<Property> {
  if (hasDate(row)) return toProperty(row);
  const [found] = await reader.$queryRawUnsafe<{ json: string }[]>(ONE, row.id);
  if (!found) throw new PropertyNotFound(row.id);
  return JSON.parse(found.json); // Not checked: `propertyJson` writes no other shape.
}

/**
 * The same of a row that was just written. The write is committed: where the row cannot be read again, that is no failure
 * of the write.
 * @throws WriteUnanswered
 */
export async function writtenProperty(reader: Reader, row: Row): Promise<Property> {
  try {
    return await propertyOf(reader, row);
  } catch (cause) {
    throw Object.assign(new WriteUnanswered(), { cause });
  }
}

/** False for the years before 1 and after 9999, and for the end of time: Prisma makes an invalid `Date` of them. */
export const hasDate = ({ createdAt }: Row): boolean => !Number.isNaN(createdAt.getTime());

const ONE = `SELECT ${propertyJson} AS json FROM properties_property WHERE id = $1::int`;
