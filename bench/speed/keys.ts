/** The keys of an object whose keys are all known, in their order. */
export function keysOf<K extends string>(labels: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(labels).filter((name): name is K => name in labels);
}
