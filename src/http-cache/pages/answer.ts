import { knownEtag } from '../rules/etag.ts';
import { type Headers, parseHttpDate } from '../rules/headers.ts';
import { type ByteRange, requestedRange } from '../rules/range.ts';
import type { Page } from './page.ts';

/** What a client is sent of a page; no body where there is none to send. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body?: Buffer;
}

/** Header fields of the content, which a 304 does not repeat (RFC 9110 §15.4.5). */
const OF_CONTENT = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
];

/** The page as this request asks for it: whole, in part, or as a 304. */
export function answerWith(page: Page, request: Headers): Answer {
  const { status, headers, body } = page;
  if (status !== 200) return { status, headers, body };
  const known = knownBy(page, request);
  if (known) return { status: 304, headers: { ...without(headers, OF_CONTENT), ...known } };
  const range = requestedRange(page, request);
  return range ? partOf(page, range) : { status, headers, body };
}

/** The validator by which the client has the page already (RFC 9110 §13.2.2, RFC 9111 §4.3.2). */
function knownBy(page: Page, request: Headers): Headers | undefined {
  const { etag, date, 'last-modified': lastModified } = page.headers;
  const ifNoneMatch = request['if-none-match'];
  if (ifNoneMatch !== undefined) {
    const known = etag ?? (ifNoneMatch.trim() === '*' ? '' : undefined);
    const tag = known === undefined ? undefined : knownEtag(ifNoneMatch, known, page.ownEtag === true);
    return tag === undefined ? undefined : tag === '' ? {} : { etag: tag };
  }
  const since = parseHttpDate(request['if-modified-since']);
  const changed = parseHttpDate(lastModified ?? (page.freshness && date));
  return since !== undefined && changed !== undefined && changed <= since ? {} : undefined;
}

function partOf({ headers, body }: Page, range: ByteRange): Answer {
  const { first, last } = range;
  const total = body.byteLength;
  if (first > last) {
    return { status: 416, headers: { ...without(headers, OF_CONTENT), 'content-range': `bytes */${total}` } };
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${first}-${last}/${total}` },
    body: body.subarray(first, last + 1),
  };
}

function without(headers: Headers, names: readonly string[]): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
