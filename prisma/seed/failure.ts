import { sessionAdvice } from '../../src/database/reasons.ts';
import { tlsAdvice } from '../../src/platform/tls-advice.ts';

/** The codes of Node and of PostgreSQL (Appendix A) for: not reached, no such database, not let in, too many, going down. */
const NOT_USABLE =
  /^(E(AI_AGAIN|CONNREFUSED|CONNRESET|HOSTUNREACH|NETUNREACH|NOTFOUND|PIPE|TIMEDOUT)|08...|28...|3D000|53300|57P0[1-3])$/;

/** What pg says when a connection ends under a query, or is not made in time. */
const CONNECTION_LOST = /connection terminated|timeout expired|not queryable/i;

const UNDEFINED_TABLE = '42P01';

/** Why the listings were not added, in one line that says what to do next. `place` names the database. */
export function explain(error: unknown, place: string): string {
  const { code, message } = Object(error);
  if (code === UNDEFINED_TABLE) {
    return `Database ${place} has no table of listings: run npx prisma migrate deploy`;
  }
  const reason = String(message || code || error); // A refusal by every address of a name has no message.
  if (NOT_USABLE.test(code) || CONNECTION_LOST.test(message)) {
    return `Cannot use database ${place} (${reason}): ${sessionAdvice(code)}, or correct DATABASE_URL`;
  }
  const advice = tlsAdvice(error);
  if (advice) return `Cannot use database ${place} (${reason}): ${advice}, or correct DATABASE_URL`;
  return `Database ${place} was not seeded: ${reason}`;
}
