import { type Headers, parseHttpDate } from './headers.ts';

/** Both ends count. A range that the body does not have has its first byte after its last. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The one range that the request asks for; undefined: the whole page. Several ranges, and what is no range of bytes,
 * may be ignored (RFC 9110 §14.2), and are.
 */
export function requestedRange(
  { headers, body }: { readonly headers: Headers; readonly body: Buffer },
  request: Headers,
): ByteRange | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/i.exec(request.range?.trim() ?? '') ?? [];
  if (from + to === '' || !isCurrent(headers, request['if-range'])) return undefined;
  const end = body.byteLength - 1;
  if (from === '') {
    const length = Number(to);
    if (end < 0 && length > 0) return undefined; // All of nothing, which is no range (RFC 9110 §14.1.2).
    return length === 0 ? { first: 1, last: 0 } : { first: Math.max(0, end + 1 - length), last: end };
  }
  if (to !== '' && Number(to) < Number(from)) return undefined; // No range at all (RFC 9110 §14.1.1).
  if (Number(from) > end) return { first: 1, last: 0 };
  return { first: Number(from), last: to === '' ? end : Math.min(Number(to), end) };
}

/** Whether the part that the client has is one of this very page: the same strong tag, or the same date (§13.1.5). */
function isCurrent(headers: Headers, ifRange: string | undefined): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return !ifRange.startsWith('W/') && ifRange.trim() === headers.etag;
  const date = parseHttpDate(ifRange);
  const sent = parseHttpDate(headers.date);
  // A date is strong only if the page was sent a second after it (§8.8.2.2).
  const isStrong = date !== undefined && sent !== undefined && sent - date >= 1000;
  return isStrong && date === parseHttpDate(headers['last-modified']);
}
