/**
 * What tags stand for where that cannot be read from them, by tag: such as the locations behind the tag of a location, which
 * is a hash. For people only.
 */
export type TagNames = ReadonlyMap<string, readonly string[]>;

/** How many tags have names, and how many names each: more would not be read. */
const MAX_TAGS = 20;
const MAX_NAMES = 3;

/** Both, of more than are read the first. */
export function joinNames(first: TagNames, second: TagNames): TagNames {
  const joined = new Map(first);
  for (const [tag, names] of second) {
    const before = joined.get(tag) ?? [];
    if (before.length === 0 && joined.size === MAX_TAGS) continue;
    joined.set(tag, [...new Set([...before, ...names])].slice(0, MAX_NAMES));
  }
  return joined;
}
