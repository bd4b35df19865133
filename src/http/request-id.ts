import { randomBytes } from 'node:crypto';

/** The field of every response that names its request, as the log and a problem do. */
export const REQUEST_ID = 'x-request-id';

/** Enough that two processes hardly ever have the same. Bytes. */
const PROCESS_BYTES = 5;

/** The first number with eight digits in base 36: 2.7 million million more have eight. */
const FIRST = 36 ** 7;

const ours = randomBytes(PROCESS_BYTES).toString('hex');
let count = 0;

/** A new request id: unique, and of one length. Ids that clients send are not used. */
export function newRequestId(): string {
  count += 1;
  return `${ours}-${(FIRST + count).toString(36)}`;
}
