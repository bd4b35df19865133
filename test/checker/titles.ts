import type { Sighting } from './history.ts';

/** What is never written: the title of a row that is not of this run. */
const FOREIGN: Sighting = { row: 0, version: 0 };

export const titleOf = ({ row, version }: { row: number; version: number }): string =>
  `row ${row} v ${version}`;

export function sightingOf(title: string): Sighting {
  const [, row, version] = /^row (\d+) v (\d+)$/.exec(title) ?? [];
  return row === undefined || version === undefined
    ? FOREIGN
    : { row: Number(row), version: Number(version) };
}
