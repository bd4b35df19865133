import type { Prisma } from '../../coherence/index.ts';
import { insertOf } from './column-sql.ts';
import { COLUMNS } from './columns.ts';
import type { PropertyInput } from './schemas.ts';
import { namesOfChange, tagsOfChange } from './tags.ts';

const ADD = insertOf(COLUMNS);

/** Adds listings in one statement, all or none. Returns them as a JSON array, in the order in which they were given. */
export async function addProperties(
  prisma: Pick<Prisma, '$touching'>,
  listings: readonly PropertyInput[],
): Promise<string> {
  const locations = [...new Set(listings.map(({ location }) => location))];
  const tags = tagsOfChange({ rows: [], locations });
  const [{ json }] = await prisma.$touching(
    tags,
    (client) => client.$queryRawUnsafe<[{ json: string | null }]>(ADD, JSON.stringify(listings)),
    namesOfChange({ locations }),
  );
  return `[${json ?? ''}]`;
}
