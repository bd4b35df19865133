import { messageOf } from '../platform/index.ts';

/** What the schema engine says went wrong, without the Rust backtrace that may follow. */
export function withoutBacktrace(error: unknown): string {
  return messageOf(error)
    .replace(/\n +0: .*/s, '')
    .trim();
}

/** The same on one line, to stand inside another message. */
export function reasonOf(error: unknown): string {
  return withoutBacktrace(error).replace(/\s+/g, ' ').replace(/\.$/, '');
}

/** What to do, by the SQLSTATE with which PostgreSQL refuses a session. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^3D000$/, 'create it (npx prisma migrate deploy does)'],
  [/^28/, 'let this user in (its password, pg_hba.conf)'],
  [/^42501$/, 'grant this user CONNECT'],
  [/^53300$/, 'raise its max_connections'],
  [/^57P03$/, 'wait until it has started'],
];

/** What to do about a database in which no session begins, to stand before `or correct DATABASE_URL`. */
export function sessionAdvice(code: unknown): string {
  const [, advice = 'start it'] = ADVICE.find(([pattern]) => pattern.test(String(code))) ?? [];
  return advice;
}
