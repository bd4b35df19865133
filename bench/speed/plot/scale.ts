/** Maps a figure to a place, its logarithm in proportion. */
export type Scale = (figure: number) => number;

export function logScale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): Scale {
  const span = Math.log(to) - Math.log(from);
  return (figure) => start + (span === 0 ? 0 : ((Math.log(figure) - Math.log(from)) / span) * (end - start));
}

/** The powers of ten between which the figures lie. */
export function decades(figures: readonly number[]): number[] {
  const logs = figures.map(Math.log10);
  const first = Math.floor(Math.min(...logs));
  const last = Math.max(Math.ceil(Math.max(...logs)), first + 1);
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

/** Places as near to those given as they can be while no two are closer than `gap`, in the same order. */
export function apart(
  places: readonly number[],
  gap: number,
  [top, bottom]: readonly [number, number],
): number[] {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  let next = top;
  for (const item of order) {
    item.place = Math.max(item.place, next);
    next = item.place + gap;
  }
  let last = bottom;
  for (const item of order.toReversed()) {
    item.place = Math.min(item.place, last);
    last = item.place - gap;
  }
  return order.sort((a, b) => a.index - b.index).map(({ place }) => place);
}
