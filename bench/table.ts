/** Rows as aligned text: the first column to the left, the others, which are numbers, to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return column === 0 ? cell.padEnd(width) : cell.padStart(width);
  };
  return all.map((row) => `  ${row.map(pad).join('  ').trimEnd()}\n`).join('');
}

/** 1234567 as `1,234,567`. */
export const thousands = (count: number): string => Math.round(count).toLocaleString('en-US');
