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
 * The tag of `If-None-Match` by which the client has the content already, however it is written: `*`, a list, weak tags
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

/**
 * Whether `If-Match` holds for what has this tag: `*` does, and the very tag, while a weak one never does (RFC 9110
 * §13.1.1, which compares strongly). `anyCoding`: the tag of another coding of the same content will do too.
 */
export function isMatched(ifMatch: string, etag: string | undefined, anyCoding = false): boolean {
  if (ifMatch.trim() === '*') return true;
  const tags: readonly string[] = ifMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  if (etag === undefined || etag.startsWith('W/')) return false;
  const others = anyCoding ? tags.filter((tag) => tag === strong(tag)).map(contentOf) : [];
  return tags.includes(etag) || others.includes(contentOf(etag));
}

const strong = (etag: string): string => etag.replace(/^W\//, '');

/** The tag without its weakness and its coding: what stands for the content. */
const contentOf = (etag: string): string => strong(etag).replace(SUFFIX, '"');
