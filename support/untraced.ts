/**
 * A command and its arguments without `NODE_OPTIONS`, by which tap records a process of Node: that takes a second of each
 * start. It cannot be left out of the environment, since tap puts it into that of everything that is spawned.
 */
export function untraced(command: string, args: readonly string[]): [command: string, args: string[]] {
  return ['env', ['-u', 'NODE_OPTIONS', command, ...args]];
}
