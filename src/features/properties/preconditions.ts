import type { IncomingHttpHeaders } from 'node:http';
import type { Prisma } from '../../coherence/index.ts';
import { isNotFound, retried } from '../../database/index.ts';
import { PropertyChanged, PropertyNotFound, PropertyNotWritten, PropertyUnchanged } from '../../errors.ts';
import type { Property as Row } from '../../generated/prisma/client.ts';
import { etagOf, isMatched, knownEtag } from '../../http-cache/index.ts';
import { hasDate, propertyOf } from './property.ts';
import type { Property } from './schemas.ts';

/** The strong validator of a listing: that of the bytes which every route answers (RFC 9110 §8.8.3). */
export const etagOfProperty = (property: Property): string => etagOf(Buffer.from(JSON.stringify(property)));

/** The conditions of a request on the version of a listing. Listings have no date of their last change to compare. */
export type Preconditions = Pick<IncomingHttpHeaders, 'if-match' | 'if-none-match'>;

/** The `where` of the row to write: its id, and with preconditions every column that was read of it. */
export type RowToWrite = Partial<Row> & Pick<Row, 'id'>;

/**
 * Writes a listing if the preconditions of the request hold. The statement that writes also checks that the row is still as it
 * was read: of two clients that read the same version only one succeeds. A row that was changed meanwhile is read again, and
 * may meet the preconditions all the same.
 * @throws PropertyNotFound, PropertyChanged, PropertyUnchanged, PropertyNotWritten
 */
export function writeProperty<T>(
  prisma: Prisma,
  { id, ...conditions }: Preconditions & { readonly id: number },
  write: (row: RowToWrite) => Promise<T>,
): Promise<T> {
  const attempt = async () => {
    const row = isAnyVersion(conditions) ? { id } : await readVersion(prisma, id, conditions);
    try {
      return await write(row);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const isThere = (await prisma.property.count({ where: { id } })) > 0;
      throw isThere ? new PropertyNotWritten(id) : new PropertyNotFound(id);
    }
  };
  return retried(attempt, (error) => error instanceof PropertyNotWritten);
}

function isAnyVersion({ 'if-match': ifMatch = '*', 'if-none-match': ifNoneMatch }: Preconditions): boolean {
  return ifMatch.trim() === '*' && ifNoneMatch === undefined;
}

/** Reads the listing, in a version that meets the preconditions; RFC 9110 §13.2.2 has their order. */
async function readVersion(prisma: Prisma, id: number, conditions: Preconditions): Promise<RowToWrite> {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = conditions;
  const row = await prisma.property.findUnique({ where: { id } });
  if (!row) throw new PropertyNotFound(id);
  const etag = etagOfProperty(await propertyOf(prisma, row));
  if (ifMatch !== undefined && !isMatched(ifMatch, etag)) throw new PropertyChanged(id);
  if (knownEtag(ifNoneMatch, etag, true) !== undefined) throw new PropertyUnchanged(id);
  if (hasDate(row)) return row;
  const { createdAt: _, ...others } = row; // Cannot be compared, and no request changes it.
  return others;
}
