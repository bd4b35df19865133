import { etagOf } from '../plugins/page-cache/etag.ts';
import type { Property } from './schemas.ts';

/** The strong validator of a listing: that of the bytes which every route answers (RFC 9110 §8.8.3). */
export const etagOfProperty = (property: Property): string => etagOf(Buffer.from(JSON.stringify(property)));

/** Whether the listing is one that a list of tags names; a weak one names none (RFC 9110 §13.1.1). */
export function isNamedBy(ifMatch: string, property: Property): boolean {
  const tags: readonly string[] = ifMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.includes(etagOfProperty(property));
}
