import { randomBytes } from 'node:crypto';

/** The field of every response that names its request, as the log and a problem do. */
export const REQUEST_ID = 'x-request-id';

/** Of two processes at once or one after the other, likely none has the same. Bytes. */
const PROCESS_BYTES = 5;

/** From the first number with eight digits on, all have eight: 2.7 million million of them. */
const FIRST = 36 ** 7;

const ours = randomBytes(PROCESS_BYTES).toString('hex');
let count = 0;

/** Names a request: unlike every other's, and of one length. What a client calls it is for the client. */
export function newRequestId(): string {
  count += 1;
  return `${ours}-${(FIRST + count).toString(36)}`;
}
