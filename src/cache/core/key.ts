/** Under what an entry is found: any text, or what `keyIn` makes. */
export type Key = string;

/** What stands between the two parts; no text of an application has it. */
const SEPARATOR = '\0';

/**
 * The key of an entry that shares a bucket with others: the bucket keeps the entry that was written last, which is found under
 * its own identity only. So clients that choose the identities cannot choose how many entries there are.
 */
export function keyIn(bucket: string, identity: string): Key {
  return bucket + SEPARATOR + identity;
}

/** The parts of a key. A prefix before a key is one of its bucket. */
export function partsOf(key: Key): { readonly bucket: string; readonly identity?: string } {
  const end = key.indexOf(SEPARATOR);
  return end === -1 ? { bucket: key } : { bucket: key.slice(0, end), identity: key.slice(end + 1) };
}
