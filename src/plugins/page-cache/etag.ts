import { createHash } from 'node:crypto';
import { CODINGS, type Coding } from './coding.ts';

/** A strong validator of the bytes (RFC 9110 §8.8.3). */
export function etagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

const SUFFIX = new RegExp(`-(${CODINGS.join('|')})"$`);

/** The tag of another coding of the same content; a weak one is that of all of them. */
export function codedEtag(etag: string, coding: Coding): string {
  return etag.startsWith('W/') ? etag : `${etag.slice(0, -1)}-${coding}"`;
}

/**
 * The tag of `If-None-Match` by which the client has the content already, in all its forms: `*`, a list, weak tags
 * (RFC 9110 §13.1.2, which compares weakly). A tag that was made here stands for the other codings too: they are the
 * same content.
 */
export function knownEtag(ifNoneMatch: string | undefined, etag: string, isOwn: boolean): string | undefined {
  if (ifNoneMatch === undefined) return undefined;
  if (ifNoneMatch.trim() === '*') return etag;
  const tags: readonly string[] = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  if (tags.some((tag) => strong(tag) === strong(etag))) return etag;
  const other = isOwn ? tags.find((tag) => contentOf(tag) === contentOf(etag)) : undefined;
  return other && strong(other);
}

const strong = (etag: string): string => etag.replace(/^W\//, '');

/** The tag without its weakness and its coding: what stands for the content. */
const contentOf = (etag: string): string => strong(etag).replace(SUFFIX, '"');
