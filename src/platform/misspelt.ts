/** A name that is nearly one of those that are known. */
export interface Misspelt {
  readonly name: string;
  readonly meant: string;
}

/** Of so many characters one may be wrong, and of twice as many two: `PORT` has too many neighbours that mean something else. */
const CHARACTERS_PER_MISTAKE = 5;
const MAX_MISTAKES = 2;

/** Those of `names` that are not among `known`, but nearly one of them which is not given itself. Letter case is no mistake of its own. */
export function misspelt(names: readonly string[], known: readonly string[]): Misspelt[] {
  const given = new Set(names);
  const missing = known.filter((name) => !given.has(name));
  const foreign = names.filter((name) => !known.includes(name));
  return foreign.flatMap((name) => {
    const meant = missing.find((one) => isNearly(name.toUpperCase(), one.toUpperCase()));
    return meant === undefined ? [] : [{ name, meant }];
  });
}

function isNearly(name: string, known: string): boolean {
  const most = Math.min(MAX_MISTAKES, Math.floor(known.length / CHARACTERS_PER_MISTAKE));
  return Math.abs(name.length - known.length) <= most && mistakesBetween(name, known) <= most;
}

/**
 * How many characters have to be added, left away, replaced or swapped with the next one: the optimal string alignment
 * distance. A row of the table for each character of `one`.
 */
function mistakesBetween(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      next.push(
        Math.min(
          Number(last[column]) + 1,
          Number(next[column - 1]) + 1,
          Number(last[column - 1]) + (same ? 0 : 1),
          swapped ? Number(before[column - 2]) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = last;
    last = next;
  }
  return Number(last[other.length]);
}
