import type { SentRequest } from './load/job.ts';
import { ask, type Encoding } from './pages.ts';

/** What the bench asks of the service, as it goes over the wire. */

export const LIST = '/properties/';

export const WRITE_KEY = 'a-write-key-for-the-bench';

/** Another listing than the one whose page is read meanwhile. */
const CHANGED = '/properties/2/';

/** Always the same: the page is invalidated, and its bytes stay what they were. */
const PRICE = '{"price":"1234.50"}';

export const WRITE_FIELDS = { authorization: `Bearer ${WRITE_KEY}`, 'content-type': 'application/json' };

/** A GET as the load sends it. */
export function get(path: string, fields: Readonly<Record<string, string>> = {}): string {
  return message(`GET ${path} HTTP/1.1`, fields, '');
}

/** In which a client says what it understands: nothing, when it wants the bytes as they are. */
export const accepting = (encoding: Encoding | 'br') =>
  encoding === 'identity' ? {} : { 'accept-encoding': encoding };

/** A change of one listing, which invalidates the list. */
export const invalidation = (): SentRequest => ({
  text: message(
    `PATCH ${CHANGED} HTTP/1.1`,
    { ...WRITE_FIELDS, 'content-length': String(PRICE.length) },
    PRICE,
  ),
  status: 200,
  head: [],
});

/** The same change, made once: from then on it changes no byte. */
export async function change(port: number): Promise<void> {
  const { status, body } = await ask(port, CHANGED, { method: 'PATCH', headers: WRITE_FIELDS, body: PRICE });
  if (status !== 200) throw new Error(`PATCH ${CHANGED} answered ${status}: ${body}`);
}

export function message(line: string, fields: Readonly<Record<string, string>>, body: string): string {
  const all = Object.entries({ host: '127.0.0.1', ...fields }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${line}\r\n${all.join('')}\r\n${body}`;
}
