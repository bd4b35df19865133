import { isDatabaseUnavailable } from '../../src/database/failures.ts';

/** Why the listings were not added, in one line that says what to do next. `place` names the database. */
export function explain(error: unknown, place: string): string {
  const { kind, originalMessage } = Object(Object(Object(Object(error).meta).driverAdapterError).cause);
  if (kind === 'TableDoesNotExist') {
    return `Database ${place} has no table of listings: run npx prisma migrate deploy`;
  }
  const reason = originalMessage ?? lastLine(error);
  if (isDatabaseUnavailable(error)) {
    return `Cannot use database ${place} (${reason}): start it, or correct DATABASE_URL`;
  }
  return `Database ${place} was not seeded: ${reason}`;
}

/** Prisma says what was called and from where first, and what is wrong last. */
function lastLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split('\n').at(-1) ?? '';
}
